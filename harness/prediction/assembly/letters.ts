import * as Connection from '../connection.ts';
import * as Letter from '../letter.ts';

const WORD_BYTES = 4;

/** Writes a letter of Zeek's history; a connection that is predicted has nine at most. */
export function noteLetter(connection: usize, letter: i32, side: i32): void {
  const letters = load<i32>(connection, Connection.LETTERS);
  const code = side === 0 ? letter : letter | Letter.RESPONDER;
  const word = connection + (letters < Letter.PER_WORD ? 0 : WORD_BYTES);
  const shift = (letters % Letter.PER_WORD) * Letter.BITS;
  store<i32>(word, load<i32>(word, Connection.HISTORY0) | (code << shift), Connection.HISTORY0);
  store<i32>(connection, letters + 1, Connection.LETTERS);
}
