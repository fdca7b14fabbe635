// A mutual-TLS server on Node: answers "hello from node".
// usage: node server.js KEY=VALUE...   port, chain, key, trust, version (1.2|1.3); and where they are wanted: crl: a file;
// rule: the only common name that is answered other than 403; ciphers: OpenSSL's list; plain: no TLS
const fs = require('fs');
const http = require('http');
const https = require('https');

const given = Object.fromEntries(process.argv.slice(2).map((argument) => argument.split(/=(.*)/s)));

function answer(request, response) {
  if (given.rule && request.socket.getPeerCertificate().subject.CN !== given.rule) {
    response.writeHead(403);
    response.end('forbidden\n');
    return;
  }
  response.end('hello from node\n');
}

function secured() {
  const options = {
    cert: fs.readFileSync(given.chain),
    key: fs.readFileSync(given.key),
    ca: fs.readFileSync(given.trust),
    requestCert: true,
    minVersion: `TLSv${given.version}`,
    maxVersion: `TLSv${given.version}`,
  };
  if (given.crl) options.crl = fs.readFileSync(given.crl, 'utf8').split(/(?=-----BEGIN)/);
  if (given.ciphers) options.ciphers = given.ciphers;
  return https.createServer(options, answer);
}

(given.plain ? http.createServer(answer) : secured()).listen(Number(given.port), '127.0.0.1');
