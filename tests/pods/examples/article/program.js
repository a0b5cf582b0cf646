// As the articles on the old sidecar have it, in Node: each asks the sidecar of its pod whom it takes for
// the leader, and compares the name with its own.
const http = require('http');
const os = require('os');

function isLeader() {
  return new Promise((resolve, reject) => {
    http
      .get('http://localhost:4040', (response) => {
        let body = '';
        response.on('data', (chunk) => (body += chunk));
        response.on('end', () => {
          try {
            resolve(JSON.parse(body).name === os.hostname());
          } catch (error) {
            reject(error);
          }
        });
      })
      .on('error', reject);
  });
}

setInterval(async () => {
  try {
    console.log((await isLeader()) ? 'I am the leader' : 'I follow');
  } catch (error) {
    console.log(`no answer: ${error.message}`);
  }
}, 1000);
