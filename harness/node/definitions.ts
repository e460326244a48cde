import type { CallSite, CodePosition } from '../model/node-event.ts';
import type { Definitions } from '../model/node-event-layout.ts';

/** Past this many, texts are forgotten and defined anew: peers' addresses have no end. */
const KEPT_TEXTS = 4096;
const KEPT_SITES = 65_536;
/** Characters of an error's code, a function's name, …: programs may make them of any length. */
const LONGEST_TEXT = 1024;
/** No path is longer; a `data:` URL may be, and holds its whole module. */
const LONGEST_FILE = 4096;

interface Definition<Value> {
  readonly value: Value;
  isTaken: boolean;
}

/** Numbers for the texts and call sites of one thread's events. Ids are never used again. */
export class DefinitionTable implements Definitions {
  readonly #ids = new Map<string, number>();
  #texts: Definition<string>[] = [];
  #firstTextId = 0;
  #forgottenTexts: readonly Definition<string>[] = [];
  readonly #sites: Definition<CallSite>[] = [];
  readonly #siteIds = new Map<string, number>();

  /** @returns −1 for undefined */
  textId(text: string | undefined): number {
    if (text === undefined) return -1;
    const value = cut(text, LONGEST_TEXT);
    const known = this.#ids.get(value);
    if (known !== undefined) return known;
    if (this.#ids.size >= KEPT_TEXTS) {
      this.#ids.clear();
      this.#firstTextId += this.#texts.length;
      // An event that is being put together may hold one of them.
      this.#forgottenTexts = this.#texts;
      this.#texts = [];
    }
    const id = this.#firstTextId + this.#texts.length;
    this.#ids.set(value, id);
    this.#texts.push({ value, isTaken: false });
    return id;
  }

  /** @returns −1 when there are more than any program's code has: it makes code as it goes */
  siteId({ user, dependency }: CallSite): number {
    const value: CallSite = {
      ...(user && { user: cutPosition(user) }),
      ...(dependency && {
        dependency: { ...cutPosition(dependency), package: cut(dependency.package, LONGEST_TEXT) },
      }),
    };
    const key = JSON.stringify(value);
    const known = this.#siteIds.get(key);
    if (known !== undefined) return known;
    if (this.#sites.length >= KEPT_SITES) return -1;
    const id = this.#sites.push({ value, isTaken: false }) - 1;
    this.#siteIds.set(key, id);
    return id;
  }

  text(id: number): string | undefined {
    return this.#text(id)?.value;
  }

  site(id: number): CallSite | undefined {
    return this.#sites[id]?.value;
  }

  /** Whether the text was not taken yet. */
  isNewText(id: number): boolean {
    return this.#text(id)?.isTaken === false;
  }

  isNewSite(id: number): boolean {
    return this.#sites[id]?.isTaken === false;
  }

  /** The text when it is asked for in this way for the first time: a record defines it once, and only if it is used. */
  takeText(id: number): string | undefined {
    return take(this.#text(id));
  }

  /** The same for a call site. */
  takeSite(id: number): CallSite | undefined {
    return take(this.#sites[id]);
  }

  #text(id: number): Definition<string> | undefined {
    const index = id - this.#firstTextId;
    return index >= 0 ? this.#texts[index] : this.#forgottenTexts.at(index);
  }
}

function take<Value>(definition: Definition<Value> | undefined): Value | undefined {
  if (definition === undefined || definition.isTaken) return undefined;
  definition.isTaken = true;
  return definition.value;
}

function cut(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

function cutPosition(position: CodePosition): CodePosition {
  const { file, functionName } = position;
  return {
    ...position,
    file: cut(file, LONGEST_FILE),
    ...(functionName !== undefined && { functionName: cut(functionName, LONGEST_TEXT) }),
  };
}
