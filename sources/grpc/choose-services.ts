import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import type { GrpcDocument } from './grpc-document.ts';
import { type ProtoService, shortName } from './proto-schema.ts';

/**
 * The services that come into the graph: the one that is asked for, else those of the document itself.
 * @throws ProblemsError
 */
export function chooseServices(
  all: readonly ProtoService[],
  document: GrpcDocument,
  wanted: string | undefined,
): readonly ProtoService[] {
  const served = document.kind === 'descriptors' ? document.served : undefined;
  const known = served === undefined ? all : all.filter(({ fullName }) => served.includes(fullName));
  if (wanted !== undefined) return [findService(known, wanted)];
  // A document may do nothing but import the files that define the services.
  const own = known.filter((service) => service.own);
  const services = own.length > 0 ? own : known;
  if (services.length > 0) return services;
  const file = document.kind === 'text' ? document.document : document.file;
  const problem: Problem =
    file === undefined
      ? { message: 'The server offers no service.' }
      : { message: 'The document defines no service.', file };
  throw new ProblemsError([problem]);
}

function findService(services: readonly ProtoService[], wanted: string): ProtoService {
  const exact = services.filter(({ fullName }) => fullName === wanted);
  const found = exact.length > 0 ? exact : services.filter(({ fullName }) => shortName(fullName) === wanted);
  const [service] = found;
  if (service !== undefined && found.length === 1) return service;
  const names = services.map(({ fullName }) => fullName);
  const suggestion = didYouMean(wanted, names).trim() || `It defines ${names.join(', ') || 'none'}.`;
  throw new ProblemsError([
    { message: `The document defines no single service "${wanted}".`, path: ['service'], suggestion },
  ]);
}
