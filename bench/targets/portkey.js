// Portkey's gateway, as its package starts it. It changes the headers of fetched answers in place, which Node 20 forbids, so
// it is given copies: without them each stream ends in an error of its own.
const fetchOnce = globalThis.fetch;
globalThis.fetch = async (...given) => {
  const answer = await fetchOnce(...given);
  return new Response(answer.body, answer);
};

process.argv.push(`--port=${process.env.PORT}`, '--headless');
await import('../node_modules/@portkey-ai/gateway/build/start-server.js');
