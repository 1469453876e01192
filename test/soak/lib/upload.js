const BOUNDARY = 'soak-boundary-0';
const QUERY = 'mutation($file: Upload!) { upload(input: { file: $file }) { bytes } }';

/** A multipart request with one file (https://github.com/jaydenseric/graphql-multipart-request-spec). */
export function uploadBody(size) {
  const field = (name, value) => `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  const file = `--${BOUNDARY}\r\ncontent-disposition: form-data; name="0"; filename="file.bin"\r\ncontent-type: application/octet-stream\r\n\r\n`;
  const body = Buffer.concat([
    Buffer.from(field('operations', JSON.stringify({ query: QUERY, variables: { file: null } }))),
    Buffer.from(field('map', '{"0":["variables.file"]}')),
    Buffer.from(file),
    Buffer.alloc(size, 7),
    Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
  ]);
  return { body, contentType: `multipart/form-data; boundary=${BOUNDARY}` };
}
