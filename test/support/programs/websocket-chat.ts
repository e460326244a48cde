/** A WebSocket chat: five people, each says something, one leaves in order, one vanishes, the server ends the rest. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
server.on('connection', (socket) => {
  socket.on('message', (message) => {
    for (const each of server.clients) each.send(message);
  });
});
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
const people = Array.from({ length: 5 }, () => new WebSocket(`ws://127.0.0.1:${port}`));
await Promise.all(people.map(async (each) => once(each, 'open')));
let heard = 0;
const everyoneHeard = new Promise<void>((resolve) => {
  for (const each of people) {
    each.on('message', () => {
      heard++;
      if (heard === people.length * people.length) resolve();
    });
  }
});
for (const each of people) each.send('hello');
await everyoneHeard;
const [leaves, vanishes, ...stay] = people;
leaves?.close();
vanishes?.terminate();
await Promise.all([leaves, vanishes].map(async (each) => each && once(each, 'close')));
for (const each of server.clients) each.close(1001);
await Promise.all(stay.map(async (each) => each.readyState === WebSocket.CLOSED || once(each, 'close')));
process.stdout.write(`heard ${heard}\n`);
server.close();
