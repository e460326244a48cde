/**
 * Listens on every address, while a program that nobody watches connects to it and to another machine's server of the
 * same port.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

const STRANGER = `
  const net = require('node:net');
  net.connect(18080, '10.9.0.2').resume().on('close', () => net.connect(18080, '10.9.0.1').resume());`;

const server = createServer((socket) => socket.end('ours')).listen(18080, '0.0.0.0');
await once(server, 'listening');
const { NODE_OPTIONS: _watched, ...env } = process.env;
await once(spawn(process.execPath, ['-e', STRANGER], { env, stdio: 'inherit' }), 'exit');
server.close();
