/** A Redis client with ioredis against the server at the port that is given: a pool's worth of work, then a quit. */
import { Redis } from 'ioredis';

const port = Number(process.argv[2]);
const redis = new Redis({ port, host: '127.0.0.1', retryStrategy: () => null });
const subscriber = redis.duplicate();
await subscriber.subscribe('news');
const received = new Promise<void>((resolve) => {
  subscriber.on('message', () => {
    resolve();
  });
});
for (let key = 0; key < 100; key++) await redis.set(`key-${key}`, key);
const values = await redis.mget(Array.from({ length: 100 }, (_, key) => `key-${key}`));
await redis.publish('news', 'all set');
await received;
process.stdout.write(`got ${values.filter((each) => each !== null).length}\n`);
await subscriber.quit();
redis.disconnect();
