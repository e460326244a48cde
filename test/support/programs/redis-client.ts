/** A Redis client with ioredis against the server at the address and port that are given: a pool's worth of work, then a quit. */
import { Redis } from 'ioredis';

const [host = '', port = ''] = process.argv.slice(2);
const redis = new Redis({ host, port: Number(port), retryStrategy: () => null });
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
