import type { Problem } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import { documentName } from '../upstream/fetch-document.ts';
import type { Findings } from './findings.ts';
import { WSDL, WSDL_HTTP, WSDL_SOAP11, WSDL_SOAP12 } from './namespaces.ts';
import type { SoapVersion } from './plan.ts';
import { type Definition, referred, type Wsdl } from './wsdl.ts';
import { attributeOf, childOf, childrenOf, type XmlElement } from './xml.ts';

/** Where the operations of a source are. */
export interface ChosenPort {
  readonly binding: Definition;
  readonly portType: Definition;
  readonly version: SoapVersion;
  /** Of the binding; operations may have their own. */
  readonly style: string;
  /** Names by which filters know all of its operations. */
  readonly tags: readonly string[];
}

interface Port {
  readonly name: string;
  readonly service: string;
  readonly binding: Definition;
  readonly soap: { readonly version: SoapVersion; readonly node: XmlElement } | undefined;
}

/** HTTP, as each version of SOAP names it; the second is what some tools write for SOAP 1.2. */
const HTTP_TRANSPORTS: ReadonlySet<string> = new Set([
  'http://schemas.xmlsoap.org/soap/http',
  'http://schemas.xmlsoap.org/soap/http/',
  'http://www.w3.org/2003/05/soap/bindings/HTTP/',
]);

/** The port that is asked for, else the first one of SOAP 1.2, else of SOAP 1.1. */
export function choosePort(wsdl: Wsdl, wanted: string | undefined, findings: Findings): ChosenPort | undefined {
  const ports = listPorts(wsdl, findings);
  const ofServices = ports.filter((port) => isUsable(port, wanted, findings));
  // Some documents leave the service to whoever runs one, or name it wrongly.
  const usable =
    ofServices.length > 0 ? ofServices : listBindings(wsdl).filter((port) => isUsable(port, wanted, findings));
  const chosen =
    wanted === undefined
      ? (usable.find(({ soap }) => soap?.version === '1.2') ?? usable[0])
      : usable.find(({ name }) => name === wanted);
  if (chosen === undefined) {
    findings.problems.push(noPort(wsdl, usable, wanted));
    return undefined;
  }
  const portType = referred(wsdl.portType, chosen.binding, 'type', findings);
  if (portType === undefined || chosen.soap === undefined) return undefined;
  for (const other of usable) {
    if (attributeOf(other.binding.node, 'type') === attributeOf(chosen.binding.node, 'type')) continue;
    const message = `The port "${other.name}" is not offered by this source: it is made for "${chosen.name}". Make a source for each, with \`port\`.`;
    findings.notice(other.binding, message);
  }
  return {
    binding: chosen.binding,
    portType,
    version: chosen.soap.version,
    style: attributeOf(chosen.soap.node, 'style') ?? 'document',
    tags: [...new Set([chosen.service, chosen.name, portType.name])],
  };
}

function listPorts(wsdl: Wsdl, findings: Findings): Port[] {
  return [...wsdl.service.values()].flatMap((service) =>
    childrenOf(service.node, WSDL, 'port').flatMap((node): Port[] => {
      const binding = referred(wsdl.binding, { node, file: service.file }, 'binding', findings);
      const name = attributeOf(node, 'name') ?? '';
      return binding === undefined ? [] : [{ name, service: service.name, binding, soap: soapOf(binding) }];
    }),
  );
}

function listBindings(wsdl: Wsdl): Port[] {
  return [...wsdl.binding.values()].map((binding) => {
    const { name } = binding;
    return { name, service: name, binding, soap: soapOf(binding) };
  });
}

function soapOf({ node }: Definition): Port['soap'] {
  const newer = childOf(node, WSDL_SOAP12, 'binding');
  if (newer !== undefined) return { version: '1.2', node: newer };
  const older = childOf(node, WSDL_SOAP11, 'binding');
  return older && { version: '1.1', node: older };
}

function isUsable({ name, binding, soap }: Port, wanted: string | undefined, findings: Findings): boolean {
  const leaveOut = (reason: string) => {
    if (wanted === undefined || wanted === name) {
      findings.notice(binding, `The port "${name}" is left out, because ${reason}.`);
    }
    return false;
  };
  if (soap === undefined) {
    const isHttp = childOf(binding.node, WSDL_HTTP, 'binding') !== undefined;
    return leaveOut(isHttp ? 'its binding is HTTP without SOAP' : 'its binding is not SOAP');
  }
  const transport = attributeOf(soap.node, 'transport');
  if (transport === undefined || HTTP_TRANSPORTS.has(transport)) return true;
  return leaveOut(`its transport ${transport} is not HTTP`);
}

function noPort(wsdl: Wsdl, usable: readonly Port[], wanted: string | undefined): Problem {
  const names = [...new Set(usable.map(({ name }) => name))];
  const listed = `It has ${names.slice(0, 10).join(', ') || 'none'}.`;
  if (wanted === undefined) {
    const file = wsdl.roots[0]?.file;
    const message = 'The document has no port with a SOAP binding over HTTP.';
    return file === undefined ? { message } : { message, file: documentName(file) };
  }
  const message = `The document has no port "${wanted}" with a SOAP binding over HTTP.`;
  return { message, path: ['port'], suggestion: didYouMean(wanted, names).trim() || listed };
}
