// A mutual-TLS client on Node: one HTTP request; prints the body, or "error CODE MESSAGE".
// usage: node client.js PORT HOST CA [CHAIN KEY]
const fs = require('fs');
const https = require('https');

const [port, host, ca, chain, key] = process.argv.slice(2);
const options = { port, host: '127.0.0.1', servername: host, headers: { Host: host }, ca: fs.readFileSync(ca), agent: false, timeout: 20000 };
if (chain) Object.assign(options, { cert: fs.readFileSync(chain), key: fs.readFileSync(key) });

const request = https.get(options, (response) => {
  let body = '';
  response.on('data', (data) => { body += data; });
  response.on('end', () => console.log(body.trim()));
});
request.on('error', (error) => {
  console.log(`error ${error.code} ${error.message}`);
  process.exitCode = 1;
});
