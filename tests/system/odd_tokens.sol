// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.0;

/// Tokens as they should be, and as they are. Each can be seen: it says that it moved.
abstract contract Seen {
    event Transfer(address indexed from, address indexed to, uint256 value);

    /// So many mints in one transaction, to one address after the other.
    function mint(uint160 first, uint160 count) external {
        for (uint160 i = 0; i < count; i++) emit Transfer(address(0), address(first + i), 1);
    }
}

contract Honest is Seen {
    function decimals() external pure returns (uint8) { return 9; }
    function symbol() external pure returns (string memory) { return "HONEST"; }
}

/// As MKR does.
contract Old is Seen {
    function decimals() external pure returns (uint256) { return 18; }
    function symbol() external pure returns (bytes32) { return "OLD"; }
}

/// Another token's name, and more decimals than there can be.
contract Liar is Seen {
    function decimals() external pure returns (uint256) { return 200; }
    function symbol() external pure returns (string memory) { return "USDC"; }
}

contract Refusing is Seen {
    function decimals() external pure returns (uint8) { revert("rate limit exceeded"); }
    function symbol() external pure returns (string memory) { require(false, "too many requests"); return ""; }
}

contract Empty is Seen {
    function symbol() external pure returns (string memory) { return ""; }
    fallback() external {}
}

/// A megabyte of a name: all that a node's gas for a call pays for.
contract Long is Seen {
    function decimals() external pure returns (uint8) { return 0; }
    function symbol() external pure returns (string memory) {
        assembly {
            mstore(0, 0x20)
            mstore(0x20, 1000000)
            mstore(0x40, "LONGLONGLONGLONGLONGLONGLONGLONG")
            mstore(0x60, "LONGLONGLONGLONGLONGLONGLONGLONG")
            return(0, 1000064)
        }
    }
}

/// Nothing stands there after the transaction that made it: an account without code.
contract Gone {
    event Transfer(address indexed from, address indexed to, uint256 value);
    constructor() {
        emit Transfer(address(0), msg.sender, 1);
        selfdestruct(payable(msg.sender));
    }
}

/// Answers as another does.
contract Proxy is Seen {
    address immutable behind;
    constructor(address code) { behind = code; }
    fallback() external {
        address code = behind;
        assembly {
            calldatacopy(0, 0, calldatasize())
            let good := delegatecall(gas(), code, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(good) { revert(0, returndatasize()) }
            return(0, returndatasize())
        }
    }
}
