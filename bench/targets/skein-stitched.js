// The gateway as `skein start` makes it, but with every operation sent through the stitched schema. The product has no
// such switch: which way an operation takes is its own choice.
import { randomUUID } from 'node:crypto';
import { systemClock } from '../../dist/kernel/ports.js';
import { readEnvironment } from '../../dist/src/config/environment.js';
import { readConfig } from '../../dist/src/config/read-config.js';
import { createGateway } from '../../dist/src/gateway.js';
import { createGraph } from '../../dist/src/graph/graph.js';
import { createKeyring } from '../../dist/src/identity/keyring.js';
import { createLog } from '../../dist/src/log.js';
import { createQueryLimits } from '../../dist/src/policy/query-limits.js';

const { environment, problems } = readEnvironment(process.env);
const reading = await readConfig(environment.configFile, process.env);
const { limits, keys } = reading.config;
const log = createLog(environment.logLevel);
const generation = { rules: [createQueryLimits(limits)], maxTokens: limits.tokens, way: 'stitched' };
const graph = await createGraph(reading.config, [...problems, ...reading.problems], { log, generation });
const gateway = createGateway({
  graph,
  keyring: createKeyring(keys),
  limits,
  cors: () => false,
  graphiql: { developmentKey: undefined, defaultQuery: '{ __typename }' },
  clock: systemClock,
  ids: { next: randomUUID },
  log,
});
const { port } = await gateway.listen(environment.port, environment.host);
process.stdout.write(`listening on http://127.0.0.1:${port}\n`);
process.on('SIGTERM', () => gateway.close().then(() => process.exit(0)));
