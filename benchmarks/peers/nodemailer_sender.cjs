// A peer: nodemailer's pool, building (and signing) one message for each reader.
//
//     node nodemailer_sender.cjs PORT READERS CONNECTIONS PARTS.json [KEY.pem]
//
// Personal values are spliced in with replaceAll, which costs it next to nothing. Says {"seconds": …}.

const fs = require('fs');
const nodemailer = require('nodemailer');

const [port, readers, connections, partsFile, keyFile] = process.argv.slice(2);
const parts = JSON.parse(fs.readFileSync(partsFile, 'utf8'));
const dkim = keyFile && { domainName: 'example.org', keySelector: 's1', privateKey: fs.readFileSync(keyFile, 'utf8') };

function letter(number) {
  const values = { '{{ name }}': `قارئ ${number}`, '{{ url }}': `${parts.base}/token${String(number).padStart(21, '0')}` };
  const filled = (text) => Object.entries(values).reduce((made, [slot, value]) => made.replaceAll(slot, value), text);
  return {
    from: parts.from,
    to: `reader${number}@example.org`,
    subject: parts.subject,
    text: filled(parts.text),
    html: filled(parts.html),
    textEncoding: 'base64',
    headers: { ...parts.headers, 'List-Unsubscribe': `<${values['{{ url }}']}>` },
  };
}

async function main() {
  const transport = nodemailer.createTransport({
    host: '127.0.0.1', port: Number(port), pool: true, maxConnections: Number(connections), maxMessages: Infinity,
    ignoreTLS: true, ...(dkim ? { dkim } : {}),
  });
  const began = process.hrtime.bigint();
  let next = 1;
  async function worker() {
    while (next <= Number(readers)) await transport.sendMail(letter(next++));
  }
  // Twice as many callers as connections: a connection never waits for the next message to be asked for.
  await Promise.all(Array.from({ length: 2 * Number(connections) }, worker));
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  transport.close();
  console.log(JSON.stringify({ seconds }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
