import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { describeError } from '../../kernel/errors.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';

/** Files in PEM, as the configuration names them; absolute by now. */
export interface TlsOptions {
  readonly ca?: string | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  readonly serverName?: string | undefined;
}

/** Certificates and keys of a connection, read from their files. */
export interface TlsFiles {
  readonly ca?: Buffer;
  readonly certificate?: Buffer;
  readonly key?: Buffer;
}

/** How connections are secured, where not as the system has it. */
export interface Tls {
  readonly files: TlsFiles;
  /** Name in the server's certificate, where it is not the endpoint's. */
  readonly serverName: string | undefined;
}

/** As `node:tls` and undici take it. */
export function connectOptions({ files, serverName }: Tls) {
  const { ca, certificate: cert, key } = files;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}

/** @throws ProblemsError with all files that cannot be read, or do not belong together */
export async function readTlsFiles(tls: TlsOptions | boolean | undefined): Promise<TlsFiles> {
  if (typeof tls !== 'object') return {};
  const problems: Problem[] = [];
  const files: { -readonly [K in keyof TlsFiles]: TlsFiles[K] } = {};
  for (const name of ['ca', 'certificate', 'key'] as const) {
    const file = tls[name];
    if (file === undefined) continue;
    try {
      files[name] = await readFile(file);
    } catch (error) {
      problems.push({ message: `The file cannot be read: ${describeError(error)}`, path: ['tls', name] });
    }
  }
  const [lacking, given] = tls.key === undefined ? ['key', 'certificate'] : ['certificate', 'key'];
  if ((tls.key === undefined) !== (tls.certificate === undefined)) {
    problems.push({ message: `A ${given} needs its ${lacking}.`, path: ['tls', lacking ?? 'key'] });
  }
  // OpenSSL passes over an authority that it cannot read.
  if (files.ca !== undefined && !isCertificate(files.ca)) {
    problems.push({ message: 'The file has no certificate in PEM.', path: ['tls', 'ca'] });
  }
  if (problems.length === 0) problems.push(...secureContextProblems(files));
  if (problems.length > 0) throw new ProblemsError(problems);
  return files;
}

function isCertificate(file: Buffer): boolean {
  try {
    return new X509Certificate(file).subject !== undefined;
  } catch {
    return false;
  }
}

function secureContextProblems({ ca, certificate, key }: TlsFiles): readonly Problem[] {
  try {
    createSecureContext({ ca, cert: certificate, key });
    return [];
  } catch (error) {
    return [{ message: `The certificates cannot be used: ${describeError(error)}`, path: ['tls'] }];
  }
}
