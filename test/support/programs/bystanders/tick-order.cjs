// A CommonJS main program runs its ticks before its microtasks.
const net = require('node:net');
Promise.resolve().then(() => console.log('microtask'));
process.nextTick(() => console.log('tick'));
setImmediate(() => console.log('immediate'));
const socket = new net.Socket();
console.log(socket.eventNames(), Object.keys(socket).length, Object.getOwnPropertySymbols(socket).length);
console.log(Object.getOwnPropertyNames(globalThis).length, process.eventNames(), process.execArgv);
const keys = [];
for (const key in socket) keys.push(key);
console.log(keys.sort().join(' '));
console.log(Object.keys(require.cache).length, Object.hasOwn(process, 'emit'), module.children.length);
console.log(Object.getOwnPropertyNames(process).length, Object.getOwnPropertySymbols(process).length);
console.log(
  net.Socket.prototype.end.name,
  net.Socket.prototype.emit.length,
  net.Socket.prototype.connect.length,
);
console.log('prepareStackTrace' in Error, Error.stackTraceLimit, typeof Error.prepareStackTrace);
socket.destroy();
console.log('prepareStackTrace' in Error, Error.stackTraceLimit);
