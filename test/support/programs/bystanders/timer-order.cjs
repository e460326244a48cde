// Timers of many durations that are due together, set while something else of this thread waits: they run in the order
// in which they fall due, and async_hooks are told of no other timers.
const { createHook } = require('node:async_hooks');
const net = require('node:net');

let timers = 0;
createHook({
  init(_id, type) {
    if (type === 'Timeout') timers++;
  },
}).enable();

let own = 0;
function spin(ms) {
  for (const end = performance.now() + ms; performance.now() < end; );
}

/** Sets a timer for each duration, the longest first, and blocks until all are due. */
function inOrder(durations) {
  return new Promise((resolve) => {
    const ran = [];
    for (const ms of durations.toReversed()) {
      own++;
      const timer = setTimeout(() => {
        ran.push(dueAt);
        if (ran.length === durations.length)
          resolve(ran.every((at, index) => index === 0 || ran[index - 1] <= at));
      }, ms);
      const dueAt = timer._idleStart + ms;
    }
    spin(60);
  });
}

const server = net.createServer((socket) => socket.resume());
server.listen(0, '127.0.0.1', () => {
  const socket = net.connect(server.address().port, '127.0.0.1', async () => {
    for (let number = 0; number < 20; number++) {
      await new Promise(setImmediate);
      socket.pause().resume().pause().resume();
      spin(2.5);
      const first = number % 2;
      const durations = Array.from({ length: 20 }, (_, index) => first + 1 + 2 * index);
      if (!(await inOrder(durations))) console.log('out of order', number);
    }
    socket.end();
  });
  socket.resume().on('close', () => server.close());
});
process.on('exit', () => console.log('other timers', timers - own > 1 ? timers - own : 'at most one'));
