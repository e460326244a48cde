// Module hooks: Node runs them in a thread of its own, which loads what the program preloads.
import { register } from 'node:module';
import net from 'node:net';
process.noDeprecation = true;
const hooks = `export async function resolve(specifier, context, next) {
  return specifier === 'made:up' ? { url: 'data:text/javascript,export default 42', shortCircuit: true } : next(specifier, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
const name = 'made:up';
console.log((await import(name)).default);
const server = net
  .createServer((socket) => socket.end())
  .listen(0, '127.0.0.1', () => {
    net
      .connect(server.address().port, '127.0.0.1')
      .resume()
      .on('close', () => server.close());
  });
