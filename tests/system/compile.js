// Prints the creation bytecode of the contract in the Solidity file that is named, by npm's solc.
const fs = require('fs');
const solc = require('solc');
const input = {
  language: 'Solidity',
  sources: {'token.sol': {content: fs.readFileSync(process.argv[2], 'utf8')}},
  settings: {outputSelection: {'*': {'*': ['evm.bytecode.object']}}, evmVersion: 'paris'},
};
const output = JSON.parse(solc.compile(JSON.stringify(input)));
for (const e of output.errors || []) if (e.severity === 'error') throw new Error(e.formattedMessage);
console.log('0x' + output.contracts['token.sol'].Token.evm.bytecode.object);
