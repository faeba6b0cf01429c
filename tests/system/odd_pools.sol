// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.0;

/// Pools as they should be, and as they are. Each can be seen: it says that it swapped, as a pair of Uniswap V2 does.
abstract contract Swapping {
    event Swap(address indexed sender, uint256 amount0In, uint256 amount1In, uint256 amount0Out, uint256 amount1Out,
               address indexed to);

    function swap() external {
        emit Swap(msg.sender, 1000, 0, 0, 990, msg.sender);
    }
}

/// What a pair says of itself, to whoever asks.
contract Pair is Swapping {
    address public immutable factory;
    address public immutable token0;
    address public immutable token1;

    constructor(address factory_, address token0_, address token1_) {
        (factory, token0, token1) = (factory_, token0_, token1_);
    }
}

contract PairFactory {
    mapping(address => mapping(address => address)) public getPair;

    function make(address token0, address token1) external {
        getPair[token0][token1] = address(new Pair(address(this), token0, token1));
    }
}

/// Its own factory.
contract Selfish is Swapping {
    function factory() external view returns (address) { return address(this); }
    function token0() external pure returns (address) { return address(1); }
    function token1() external pure returns (address) { return address(2); }
    function getPair(address, address) external view returns (address) { return address(this); }
}

contract Mute is Swapping {}

/// Nothing but zeros, a megabyte of them.
contract Endless is Swapping {
    function factory() external pure {
        assembly { return(0, 1000000) }
    }
}
