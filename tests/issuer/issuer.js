// An OpenID Connect issuer for the tests: node issuer.js PORT [MILLISECONDS] (0: any free port; how far its clock is ahead).
// Each line on standard input is a list of private keys (JWK). From then on it signs with the first and publishes them all, and says so with a line.
// It ends with its input, so that a killed test run leaves none behind.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';

const now = Date.now;
const ahead = Number(process.argv[3] ?? 0);
Date.now = () => now() + ahead; // a clock that is wrong

const clinic = '0198f000-0000-7000-8000-00000000000a';
const scope = 'clinical.read clinical.write';

const issuerOf = (url, keys) => new Provider(url, {
  jwks: { keys },
  scopes: scope.split(' '),
  clients: [{
    client_id: 'ehr-feed', client_secret: 'only-for-tests', clinic_id: clinic, scope,
    grant_types: ['client_credentials'], redirect_uris: [], response_types: [],
  }],
  extraClientMetadata: { properties: ['clinic_id'] },
  extraTokenClaims: (ctx) => ({ clinic_id: ctx.oidc.client.clinic_id }),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, resource) => ({ scope, audience: resource, accessTokenFormat: 'jwt', accessTokenTTL: 600, jwt: { sign: { alg: 'RS256' } } }),
    },
  },
});

let handle;
let keysAsked = 0; // how often somebody fetched the keys; GET /keys-asked says it
const server = createServer((request, response) => {
  if (request.url === '/keys-asked') { response.end(`${keysAsked}`); return; }
  keysAsked += request.url === '/jwks';
  handle(request, response);
});
server.listen(Number(process.argv[2]), '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  createInterface({ input: process.stdin })
    .on('line', (line) => { handle = issuerOf(url, JSON.parse(line)).callback(); console.log(`ready ${url}`); })
    .on('close', () => process.exit());
});
