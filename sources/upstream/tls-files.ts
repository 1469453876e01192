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

/**
 * What secures the connection for a document, of a source's own and what its documents are given for it. A certificate of
 * the gateway's is shown to nobody that it was not given for.
 */
export function tlsOfDocument({
  document,
  endpoint,
  tls,
  documentTls,
}: {
  readonly document: string;
  readonly endpoint: string;
  readonly tls?: TlsOptions | undefined;
  readonly documentTls?: TlsOptions | undefined;
}): { readonly options: TlsOptions; readonly name: 'tls' | 'documentTls' } | undefined {
  if (documentTls !== undefined) return { options: documentTls, name: 'documentTls' };
  if (tls === undefined || !URL.canParse(document)) return undefined;
  return new URL(document).origin === new URL(endpoint).origin ? { options: tls, name: 'tls' } : undefined;
}

/** Undefined for what is not secured by files. Rejects as `readTlsFiles` does. */
export async function readTls(tls: TlsOptions | boolean | undefined, option = 'tls'): Promise<Tls | undefined> {
  if (typeof tls !== 'object') return undefined;
  return { files: await readTlsFiles(tls, option), serverName: tls.serverName };
}

/**
 * @param option its name, for problems
 * @throws ProblemsError with all files that cannot be read, or do not belong together
 */
export async function readTlsFiles(tls: TlsOptions | boolean | undefined, option = 'tls'): Promise<TlsFiles> {
  if (typeof tls !== 'object') return {};
  const problems: Problem[] = [];
  const files: { -readonly [K in keyof TlsFiles]: TlsFiles[K] } = {};
  for (const name of ['ca', 'certificate', 'key'] as const) {
    const file = tls[name];
    if (file === undefined) continue;
    try {
      files[name] = await readFile(file);
    } catch (error) {
      problems.push({ message: `The file cannot be read: ${describeError(error)}`, path: [option, name] });
    }
  }
  const [lacking, given] = tls.key === undefined ? ['key', 'certificate'] : ['certificate', 'key'];
  if ((tls.key === undefined) !== (tls.certificate === undefined)) {
    problems.push({ message: `A ${given} needs its ${lacking}.`, path: [option, lacking ?? 'key'] });
  }
  // OpenSSL passes over an authority that it cannot read.
  if (files.ca !== undefined && !isCertificate(files.ca)) {
    problems.push({ message: 'The file has no certificate in PEM.', path: [option, 'ca'] });
  }
  if (problems.length === 0) problems.push(...secureContextProblems(files, option));
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

function secureContextProblems({ ca, certificate, key }: TlsFiles, option: string): readonly Problem[] {
  try {
    createSecureContext({ ca, cert: certificate, key });
    return [];
  } catch (error) {
    return [{ message: `The certificates cannot be used: ${describeError(error)}`, path: [option] }];
  }
}
