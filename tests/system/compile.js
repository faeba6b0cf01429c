// Prints, as JSON, the creation bytecode and the methods of each contract in the Solidity file that is named, by npm's
// solc. What the file imports comes from npm's packages.
const fs = require('fs');
const path = require('path');
const solc = require('solc');
const packages = process.env.NODE_PATH;
const input = {
  language: 'Solidity',
  sources: {main: {content: fs.readFileSync(process.argv[2], 'utf8')}},
  settings: {
    outputSelection: {'*': {'*': ['evm.bytecode.object', 'evm.methodIdentifiers']}},
    evmVersion: 'paris',
    optimizer: {enabled: true, runs: 200},
  },
};
const imported = (name) => ({contents: fs.readFileSync(path.join(packages, name), 'utf8')});
const output = JSON.parse(solc.compile(JSON.stringify(input), {import: imported}));
for (const e of output.errors || []) if (e.severity === 'error') throw new Error(e.formattedMessage);
const found = {};
for (const file of Object.values(output.contracts))
  for (const [name, made] of Object.entries(file))
    if (made.evm.bytecode.object)
      found[name] = {bytecode: '0x' + made.evm.bytecode.object, methods: made.evm.methodIdentifiers};
console.log(JSON.stringify(found));
