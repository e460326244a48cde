/** Who the two ends are, above their lifelines. */
import { formatEndpoint } from '../../model/endpoint.ts';
import type { Connection, Side } from '../../model/connection.ts';
import { lifelineColumns, type Layout } from './layout.ts';
import { cells, wrap, wrapHanging } from './text.ts';

/** Program labels, from outside. */
export type Labels = Partial<Readonly<Record<Side, string>>>;

/**
 * Role, label, address:port of each end, the client's ending at its lifeline, the server's starting at its own;
 * one below the other when they are too long to stand side by side.
 */
export function headerLines(connection: Connection, labels: Labels, layout: Layout): readonly string[] {
  const client = textsOf('client', connection, labels, layout);
  const server = textsOf('server', connection, labels, layout);
  return sideBySide(client, server, layout) ?? [...stacked(client, layout), ...stacked(server, layout)];
}

function textsOf(side: Side, connection: Connection, labels: Labels, { theme }: Layout): readonly string[] {
  const label = labels[side];
  const address = formatEndpoint(connection[side]);
  return [side, ...(label === undefined ? [] : [theme.clean(label)]), theme.clean(address)];
}

/** Cells that must stay free between the two. */
const BETWEEN = 3;

function sideBySide(
  client: readonly string[],
  server: readonly string[],
  layout: Layout,
): readonly string[] | undefined {
  const { theme } = layout;
  const columns = lifelineColumns(layout);
  const widest = { client: Math.max(...client.map(cells)), server: Math.max(...server.map(cells)) };
  const clientStart = Math.max(0, columns.client + 1 - widest.client);
  const serverStart = Math.min(columns.server, theme.width - widest.server);
  if (clientStart + widest.client + BETWEEN > serverStart) return undefined;
  const clientEnd = Math.max(columns.client + 1, widest.client);
  const [clientRows, serverRows] = alignBottoms(client, server);
  return clientRows.map((left, index) => {
    const right = serverRows[index] ?? '';
    const indent = ' '.repeat(clientEnd - cells(left));
    const between = ' '.repeat(serverStart - clientEnd);
    const tone = index === 0 ? 'strong' : undefined;
    return (indent + theme.paint(tone, left) + between + theme.paint(tone, right)).trimEnd();
  });
}

/** Roles on the first line, addresses on the last, whether or not there is a label between them. */
function alignBottoms(
  client: readonly string[],
  server: readonly string[],
): readonly [readonly string[], readonly string[]] {
  const rows = Math.max(client.length, server.length);
  const stretch = (texts: readonly string[]): readonly string[] =>
    texts.length === rows ? texts : [...texts.slice(0, 1), '', ...texts.slice(1)];
  return [stretch(client), stretch(server)];
}

function stacked([role = '', ...texts]: readonly string[], { theme }: Layout): readonly string[] {
  const head = `${role}  `;
  const lines = texts.flatMap((text, index) =>
    index === 0
      ? wrapHanging(head, text, theme.width)
      : wrap(text, theme.width - cells(head)).map((each) => ' '.repeat(cells(head)) + each),
  );
  const [first = head, ...rest] = lines;
  return [theme.paint('strong', role) + first.slice(role.length), ...rest];
}
