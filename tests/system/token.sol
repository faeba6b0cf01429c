// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.0;

/// The least that a token needs for the tests: it emits the ERC-20 Transfer event.
contract Token {
    event Transfer(address indexed from, address indexed to, uint256 value);
    mapping(address => uint256) public balanceOf;

    constructor() {
        balanceOf[msg.sender] = 1_000_000;
        emit Transfer(address(0), msg.sender, 1_000_000);
    }

    function transfer(address to, uint256 value) external returns (bool) {
        balanceOf[msg.sender] -= value;
        balanceOf[to] += value;
        emit Transfer(msg.sender, to, value);
        return true;
    }
}
