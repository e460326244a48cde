import http, { type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Behaviour } from '../harness/peer/behaviour.ts';
import { runByHand } from '../harness/peer/by-hand.ts';

const waiting = new WeakMap<Socket, ServerResponse>();
const servers = new WeakMap<Socket, Server>();

export const behaviour: Behaviour = {
  about: 'Speaks HTTP/1.1: answers GET /now at once, and other requests when it is told to.',
  allowHalfOpen: true,
  reads: true,
  serve(_options, onSocket) {
    const server = http.createServer((request, response) => {
      if (request.url === '/now') response.end('here you are\n');
      else waiting.set(request.socket, response);
    });
    server.on('connection', (socket) => {
      servers.set(socket, server);
      onSocket(socket);
    });
    return server;
  },
  actions: {
    respond: (socket) => {
      waiting.get(socket)?.end('here you are, at last\n');
    },
    /** What keepAliveTimeout does to each connection when its time has come. */
    closeIdle: (socket) => {
      servers.get(socket)?.closeIdleConnections();
    },
    allowHalfOpen: (socket) => {
      const server = servers.get(socket);
      // Not in Node's types, and not in its documentation: what http.Server asks when the client has ended.
      if (server !== undefined) Reflect.set(server, 'httpAllowHalfOpen', true);
    },
  },
};

runByHand(import.meta, 'server', behaviour);
