import { NameRegistry } from '../openapi/names.ts';
import type { ChosenPort } from './choose-port.ts';
import type { Findings, Place } from './findings.ts';
import { WSDL, WSDL_MIME, WSDL_SOAP11, WSDL_SOAP12 } from './namespaces.ts';
import { documentationOf } from './particles.ts';
import type { SoapVersion } from './plan.ts';
import { type Definition, referred, type Wsdl } from './wsdl.ts';
import { attributeOf, childOf, childrenOf, type XmlElement } from './xml.ts';

/** A part of a message, with the document it is in. */
export interface Part extends Place {
  readonly node: XmlElement;
  readonly name: string;
}

export interface Message {
  readonly body: readonly Part[];
  readonly headers: readonly Part[];
  readonly isEncoded: boolean;
  /** Of the element around the parts of rpc style. */
  readonly namespace: string;
}

/** An operation of the chosen port, as the WSDL has it. */
export interface WsdlOperation extends Place {
  /** Unlike any other of the port. */
  readonly name: string;
  readonly wsdlName: string;
  readonly style: 'document' | 'rpc';
  readonly action: string;
  readonly description: string | undefined;
  readonly input: Message;
  /** Undefined for one-way operations. */
  readonly output: Message | undefined;
}

/** Something cannot be expressed; what needs it is left out with a notice. */
export class UnusableError extends Error {
  override readonly name = 'UnusableError';
}

/** The reason has been told as a problem. */
export class BrokenError extends Error {
  override readonly name = 'BrokenError';
}

/** All operations of a port, but for those that cannot be offered, which is told. */
export function listOperations(wsdl: Wsdl, port: ChosenPort, findings: Findings): WsdlOperation[] {
  const { portType, binding } = port;
  const bound = childrenOf(binding.node, WSDL, 'operation');
  const soap = port.version === '1.2' ? WSDL_SOAP12 : WSDL_SOAP11;
  const taken = new Set<XmlElement>();

  function readMessage(own: XmlElement, node: XmlElement, style: string): Message {
    const message = referred(wsdl.message, { node, file: portType.file }, 'message', findings);
    if (message === undefined) throw new BrokenError();
    if (own.children.some((child) => child.namespace === WSDL_MIME)) {
      throw new UnusableError('it sends or answers with attachments (MIME)');
    }
    const body = childOf(own, soap, 'body');
    const isEncoded = attributeOf(body ?? own, 'use') === 'encoded';
    if (isEncoded && style === 'document') throw new UnusableError('it has document style with SOAP encoding');
    const parts = partsOf(message);
    const headers = childrenOf(own, soap, 'header').flatMap((header): Part[] => {
      const place = { node: header, file: binding.file };
      const from = referred(wsdl.message, place, 'message', findings);
      const name = attributeOf(header, 'part');
      const part = from && partsOf(from).find((each) => each.name === name);
      if (part === undefined && from !== undefined) {
        findings.problem(place, `The message "${from.name}" has no part "${name}", which a header needs.`);
      }
      return part === undefined ? [] : [part];
    });
    const listed = body && attributeOf(body, 'parts')?.trim();
    const inHeader = new Set(headers.map((header) => header.node));
    return {
      body: parts.filter(({ name, node: part }) =>
        listed === undefined ? !inHeader.has(part) : listed.split(/\s+/).includes(name),
      ),
      headers,
      isEncoded,
      namespace: (body && attributeOf(body, 'namespace')) ?? portType.targetNamespace,
    };
  }

  function readOperation(node: XmlElement, name: string): WsdlOperation {
    const own = boundOf(node, name);
    if (own === undefined) throw new UnusableError(`the binding "${binding.name}" does not have it`);
    taken.add(own);
    const soapOperation = childOf(own, soap, 'operation');
    const style = (soapOperation && attributeOf(soapOperation, 'style')) ?? port.style;
    if (style !== 'document' && style !== 'rpc') throw new UnusableError(`its style "${style}" is not known`);
    const [input, output] = [childOf(node, WSDL, 'input'), childOf(node, WSDL, 'output')];
    if (input === undefined) throw new UnusableError('it is a notification: the service would call');
    if (output !== undefined && node.children.indexOf(output) < node.children.indexOf(input)) {
      throw new UnusableError('it is of the solicit-response kind: the service would call');
    }
    const [ownInput, ownOutput] = [childOf(own, WSDL, 'input'), childOf(own, WSDL, 'output')];
    return {
      node,
      file: portType.file,
      name,
      wsdlName: name,
      style,
      action: (soapOperation && attributeOf(soapOperation, 'soapAction')) ?? '',
      description: documentationOf(node, WSDL),
      input: readMessage(ownInput ?? own, input, style),
      output: output && readMessage(ownOutput ?? own, output, style),
    };
  }

  /** Operations may share a name; then that of their input tells them apart. */
  function boundOf(node: XmlElement, name: string): XmlElement | undefined {
    const inputName = (of: XmlElement) => {
      const input = childOf(of, WSDL, 'input');
      return input && attributeOf(input, 'name');
    };
    const candidates = bound.filter((each) => attributeOf(each, 'name')?.trim() === name && !taken.has(each));
    return candidates.find((each) => inputName(each) === inputName(node)) ?? candidates[0];
  }

  const operations = childrenOf(portType.node, WSDL, 'operation').flatMap((node): WsdlOperation[] => {
    const place = { node, file: portType.file };
    const name = attributeOf(node, 'name')?.trim();
    if (name === undefined || name === '') {
      findings.problem(place, `An operation of the portType "${portType.name}" has no name.`);
      return [];
    }
    return attempt(place, name, findings, () => readOperation(node, name));
  });
  return withOwnNames(operations);
}

/** Several operations may have one name; the second is known with a number. */
function withOwnNames(operations: readonly WsdlOperation[]): WsdlOperation[] {
  const names = new NameRegistry();
  return operations.map((operation) => ({ ...operation, name: names.claim(operation.wsdlName) }));
}

/** The result in a list; none, and a notice, where it cannot be expressed. */
export function attempt<T>(place: Place, name: string, findings: Findings, action: () => T): T[] {
  try {
    return [action()];
  } catch (error) {
    if (error instanceof UnusableError) {
      findings.notice(place, `The operation "${name}" is left out, because ${error.message}.`);
    } else if (!(error instanceof BrokenError)) throw error;
    return [];
  }
}

function partsOf({ node, file }: Definition): Part[] {
  return childrenOf(node, WSDL, 'part').map((part) => ({ node: part, file, name: attributeOf(part, 'name') ?? '' }));
}

const POLICY = 'http://schemas.xmlsoap.org/ws/2004/09/policy';
const POLICY_15 = 'http://www.w3.org/ns/ws-policy';

/** What a WSDL demands beside its messages, by namespaces, and whether we do it. */
const DEMANDS: readonly { readonly test: RegExp; readonly message: string }[] = [
  {
    test: /^(?:http:\/\/www\.w3\.org\/\d{4}\/\d\d\/addressing\/wsdl|http:\/\/www\.w3\.org\/2007\/05\/addressing\/metadata) (?:UsingAddressing|Addressing)$/,
    message: 'The document speaks of WS-Addressing, whose headers are not sent: the service may refuse calls.',
  },
  {
    test: /\/optimizedmimeserialization OptimizedMimeSerialization$/,
    message: 'The document speaks of MTOM: data is sent within the message, and answers with attachments are refused.',
  },
  {
    test: /^http:\/\/\S*\/ws-?rx\/wsrmp\/\S* RMAssertion$|^http:\/\/schemas\.xmlsoap\.org\/ws\/2005\/02\/rm\/policy RMAssertion$/,
    message: 'The document speaks of WS-ReliableMessaging, which is not done: the service may refuse calls.',
  },
  {
    test: /\/ws-?securitypolicy\/?\S* (?:AsymmetricBinding|SymmetricBinding|SignedParts|EncryptedParts|X509Token|SamlToken|IssuedToken|KerberosToken|EndorsingSupportingTokens)$/,
    message:
      'The document speaks of a WS-Security policy beyond a username token, which is not done: the service may refuse calls.',
  },
];

/** Tells of what the service may demand and calls do not bring. */
export function noticeDemands(wsdl: Wsdl, version: SoapVersion, findings: Findings): void {
  const seen = new Set<string>();
  for (const { node: root, file } of wsdl.roots) {
    const waiting = root.children.filter((child) => child.namespace !== WSDL || child.local !== 'types');
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      waiting.push(...node.children);
      const name = `${node.namespace} ${node.local}`;
      for (const { test, message } of DEMANDS) {
        if (seen.has(message) || !test.test(name)) continue;
        seen.add(message);
        findings.notice({ file, node }, message);
      }
      const isKnown = node.namespace === WSDL || node.namespace === POLICY || node.namespace === POLICY_15;
      if (!isKnown && attributeOf(node, 'required', WSDL) === 'true' && !seen.has(name)) {
        seen.add(name);
        const message = `The document requires the extension "${node.local}" of SOAP ${version}, which is not known: the service may refuse calls.`;
        findings.notice({ file, node }, message);
      }
    }
  }
}
