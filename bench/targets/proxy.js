// For scale: bytes in, bytes out. A GET is passed on and its answer piped; so is a POST to the model.
import { createServer } from 'node:http';
import { Pool } from 'undici';
import { listen } from '../lib/listen.js';

const pool = new Pool(process.env.UPSTREAM_URL, { connections: 128 });

const server = createServer((request, response) => {
  const body = request.method === 'GET' ? null : request;
  const headers = body === null ? {} : { 'content-type': 'application/json' };
  pool
    .stream({ method: request.method, path: request.url, headers, body }, ({ statusCode, headers: received }) => {
      const length = received['content-length'];
      response.writeHead(statusCode, {
        'content-type': received['content-type'],
        ...(length === undefined ? {} : { 'content-length': length }),
      });
      return response;
    })
    .catch((error) => response.destroy(error));
});

listen(server);
