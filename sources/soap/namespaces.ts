/** The namespaces of WSDL 1.1, XML Schema and SOAP, by which their elements are known. */
export const WSDL = 'http://schemas.xmlsoap.org/wsdl/';
export const WSDL_SOAP11 = 'http://schemas.xmlsoap.org/wsdl/soap/';
export const WSDL_SOAP12 = 'http://schemas.xmlsoap.org/wsdl/soap12/';
export const WSDL_HTTP = 'http://schemas.xmlsoap.org/wsdl/http/';
export const WSDL_MIME = 'http://schemas.xmlsoap.org/wsdl/mime/';
export const WSDL_20 = 'http://www.w3.org/ns/wsdl';
export const XSD = 'http://www.w3.org/2001/XMLSchema';
export const XSI = 'http://www.w3.org/2001/XMLSchema-instance';
export const XML = 'http://www.w3.org/XML/1998/namespace';
export const ENVELOPE_11 = 'http://schemas.xmlsoap.org/soap/envelope/';
export const ENVELOPE_12 = 'http://www.w3.org/2003/05/soap-envelope';
export const ENCODING_11 = 'http://schemas.xmlsoap.org/soap/encoding/';
export const ENCODING_12 = 'http://www.w3.org/2003/05/soap-encoding';
export const SECURITY = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
export const PASSWORD_TEXT =
  'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText';

/** What is known of these needs no document; the usual ones on the web begin with a DOCTYPE besides. */
export const BUILT_IN: ReadonlySet<string> = new Set([
  ...[XSD, XML, WSDL, WSDL_SOAP11, WSDL_SOAP12, WSDL_HTTP, WSDL_MIME],
  ...[ENVELOPE_11, ENVELOPE_12, ENCODING_11, ENCODING_12],
]);

export function isEncoding(namespace: string): boolean {
  return namespace === ENCODING_11 || namespace === ENCODING_12;
}

/** One string for a name in a namespace: neither can hold a space. */
export function keyOf(namespace: string, local: string): string {
  return `${namespace} ${local}`;
}
