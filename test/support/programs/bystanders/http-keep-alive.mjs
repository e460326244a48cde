// HTTP with an agent that keeps its socket, a WebSocket-like upgrade, and fetch.
import http from 'node:http';
const agent = new http.Agent({ keepAlive: true });
const server = http.createServer((request, response) => {
  request.resume();
  response.end(`answer to ${request.url}`);
});
server.on('upgrade', (request, socket) => {
  socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: own\r\n\r\n');
});
server.listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const { port } = server.address();
const get = (path, headers = {}) =>
  new Promise((resolve, reject) => {
    const request = http.get({ port, host: '127.0.0.1', path, agent, headers });
    request.on('error', reject);
    request.on('upgrade', (response, socket) => {
      socket.on('close', () => resolve(`upgraded ${response.statusCode}`));
      socket.end();
    });
    request.on('response', (response) => {
      let text = '';
      const { reusedSocket, socket } = request;
      response.setEncoding('utf8').on('data', (data) => (text += data));
      response.on('end', () => resolve(`${text} reused ${reusedSocket} ${socket.listenerCount('close')}`));
    });
  });
console.log(await get('/1'));
console.log(await get('/2'));
console.log(await get('/3', { Connection: 'Upgrade', Upgrade: 'own' }));
console.log(await (await fetch(`http://127.0.0.1:${port}/4`)).text());
agent.destroy();
server.closeAllConnections();
server.close(() => console.log('closed'));
