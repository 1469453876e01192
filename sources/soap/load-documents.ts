import { setImmediate as nextTurn } from 'node:timers/promises';
import { SaxesParser } from 'saxes';
import { describeError } from '../../kernel/errors.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { documentName } from '../upstream/fetch-document.ts';
import { decodeXml } from './charset.ts';
import { isUrl, mayRead, resolveLocation } from './locations.ts';
import { BUILT_IN, WSDL, XSD } from './namespaces.ts';
import { boundAttributes, MAX_DOCUMENT_DEPTH, XmlError } from './xml.ts';

/** The text of a WSDL or XML schema. */
export interface SoapDocument {
  /** Absolute path or URL. */
  readonly location: string;
  readonly text: string;
}

/** Fetches a document. `base` is the one that imports it. Called for allowed locations only. */
export type LoadDocument = (location: string, base: string | undefined) => Promise<string | Uint8Array>;

export interface LoadedDocuments {
  /** The WSDL first, then what it imports. */
  readonly documents: readonly SoapDocument[];
  readonly problems: readonly Problem[];
}

const MAX_DOCUMENTS = 1_000;
const MAX_CHARACTERS = 64 * 1024 * 1024;
const CONCURRENCY = 8;
/** Characters that are read at one go: some milliseconds. */
const SLICE = 32_768;

/**
 * Reads a WSDL and all that it imports, each once, from beside it. What cannot be read is a problem, and the rest is
 * read. Rejects with ProblemsError when the WSDL itself cannot be read.
 */
export async function loadSoapDocuments(location: string, load: LoadDocument): Promise<LoadedDocuments> {
  const documents: SoapDocument[] = [];
  const problems: Problem[] = [];
  const known = new Set([location]);
  let characters = 0;
  let waiting: Import[] = [{ location, base: undefined, line: undefined, named: location }];

  async function read(wanted: Import): Promise<Import[]> {
    let text: string;
    try {
      const loaded = await load(wanted.location, wanted.base);
      text = typeof loaded === 'string' ? loaded.replace(/^\uFEFF/, '') : decodeXml(loaded);
    } catch (error) {
      if (wanted.base === undefined && error instanceof ProblemsError) throw error;
      problems.push(problemOf(wanted, `cannot be read: ${reasonOf(error)}`));
      return [];
    }
    characters += text.length;
    if (characters > MAX_CHARACTERS) {
      problems.push(
        problemOf(wanted, `is left out: all documents together have more than ${MAX_CHARACTERS} characters`),
      );
      return [];
    }
    documents.push({ location: wanted.location, text });
    return await findImports(text, wanted.location);
  }

  function isAllowed(wanted: Import): boolean {
    if (known.has(wanted.location)) return false;
    known.add(wanted.location);
    if (!mayRead(wanted.location, location)) {
      const place = isUrl(location) ? 'the host of the WSDL' : 'the folder of the WSDL';
      problems.push(
        problemOf(wanted, `is not read: it leaves ${place}`, 'Save it beside the WSDL and import it there.'),
      );
      return false;
    }
    if (known.size > MAX_DOCUMENTS) {
      problems.push(problemOf(wanted, `is not read: there are more than ${MAX_DOCUMENTS} documents`));
      return false;
    }
    return true;
  }

  while (waiting.length > 0) {
    const found: Import[] = [];
    for (let start = 0; start < waiting.length; start += CONCURRENCY) {
      for (const imports of await Promise.all(waiting.slice(start, start + CONCURRENCY).map(read))) {
        found.push(...imports);
      }
    }
    if (documents.length === 0) throw new ProblemsError(problems);
    // Nothing more is asked for once there is too much.
    waiting = characters > MAX_CHARACTERS ? [] : found.filter(isAllowed);
  }
  return { documents, problems };
}

interface Import {
  readonly location: string;
  readonly base: string | undefined;
  readonly line: number | undefined;
  /** As the document has it. */
  readonly named: string;
}

/** The imports of a document, with turns for others between. Wrong XML is for the compiler to tell. */
async function findImports(text: string, base: string): Promise<Import[]> {
  const found: Import[] = [];
  const parser = new SaxesParser({ xmlns: true as const });
  let depth = 0;
  const fail = (message: string): never => {
    throw new XmlError(message);
  };
  parser.on('error', (error) => fail(error.message));
  parser.on('doctype', () => fail('it has a DOCTYPE'));
  boundAttributes(parser, fail);
  parser.on('closetag', () => {
    depth -= 1;
  });
  parser.on('opentag', (tag) => {
    depth += 1;
    if (depth > MAX_DOCUMENT_DEPTH) fail('it is nested too deeply');
    const isXsd = tag.uri === XSD && ['import', 'include', 'redefine'].includes(tag.local);
    if (!isXsd && !(tag.uri === WSDL && tag.local === 'import')) return;
    const named = tag.attributes[isXsd ? 'schemaLocation' : 'location']?.value.trim();
    if (named === undefined || named === '' || BUILT_IN.has(tag.attributes.namespace?.value ?? '')) return;
    const location = resolveLocation(named, base) ?? named;
    found.push({ location, base, line: parser.line, named });
  });
  try {
    for (let start = 0; start < text.length; start += SLICE) {
      // Before the first one, too: a large text was just decoded, perhaps.
      if (text.length > SLICE) await nextTurn();
      parser.write(text.slice(start, start + SLICE));
    }
  } catch {
    return [];
  }
  return found;
}

function problemOf({ base, line, location, named }: Import, what: string, suggestion?: string): Problem {
  const message =
    base === undefined ? `The document ${what}.` : `The import of "${importName(named, location)}" ${what}.`;
  return {
    message,
    file: documentName(base ?? named),
    ...(line === undefined ? {} : { line }),
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

/** As the document has it, but for what may be secret in an address: user info and a query. */
function importName(named: string, location: string): string {
  return isUrl(location) && /[?@]/.test(named) ? documentName(location) : named;
}

/** Of an upstream error the cause, which is for the log and for operators. */
function reasonOf(error: unknown): string {
  const reason = describeError(error instanceof Error && error.cause !== undefined ? error.cause : error);
  return reason.replace(/\.$/, '');
}
