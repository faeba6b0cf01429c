"""What is planted, with its truth: each function plants one case and returns what must be said of it.

A truth is (signal type, key): the key is what key_of() reads from a signal. `near` is a block with room after it.
"""
from made_chain import (APPROVAL, ETHER, EXCHANGE, FLASH_LOAN_BALANCER, GWEI, MINT_V2, OWNERSHIP_TRANSFERRED, POOL_MANAGER,
                        ROUTER_V2, SWAP_V4, TRANSFER_SINGLE, UPGRADED, USDC, USDT, WETH, ZERO, item_transfer, log, transfer)
from ordinary import Pool


def key_of(signal):
    """What a signal is about, as truths name it."""
    details = signal["details"]
    if signal["type"] == "sandwich":
        return (details["front"], details["back"])
    return signal["subject"]


def look_alike(chain, address):
    """Different lengths on either side, as attackers have them: 3 and 4 digits at least, or 7 together."""
    random = chain.random
    prefix, suffix = random.choice(((3, 4), (3, 6), (3, 6), (3, 6), (4, 6), (3, 5), (2, 5), (5, 4)))
    made = chain.address()[2:]
    digits = address[2:]
    middle = made[prefix:40 - suffix]
    if middle[0] == digits[prefix]:  # no longer than meant
        middle = f"{(int(middle[0], 16) + 1) % 16:x}" + middle[1:]
    return "0x" + digits[:prefix] + middle + digits[40 - suffix:]


def poisoning(chain, cast, near):
    """A payment, and some blocks later what is to be copied instead."""
    random = chain.random
    attacker, contract, victim, paid = chain.address(), chain.address(), random.choice(cast.wallets), chain.address()
    amount = cast.amount()
    if random.random() < 0.2:
        chain.transaction(near, victim, paid, ETHER + amount)
    else:
        chain.transaction(near, victim, USDT, call="0xa9059cbb", logs=[transfer(USDT, victim, paid, amount)])
    later = near + random.randrange(1, 12)
    other = look_alike(chain, paid)
    kind = random.choice(("zero_value", "counterfeit", "dust", "native"))
    if kind == "zero_value":
        found = chain.transaction(later, attacker, contract, call="0x" + "55" * 40, logs=[transfer(USDT, victim, other, 0)])
    elif kind == "counterfeit":
        fake = chain.address()
        found = chain.transaction(later, attacker, contract, call="0x" + "66" * 40,
                                  logs=[transfer(fake, victim, other, amount)])
    elif kind == "dust":
        found = chain.transaction(later, other, USDT, call="0xa9059cbb", logs=[transfer(USDT, other, victim, 1_000)])
    else:
        found = chain.transaction(later, other, victim, 10**12)
    return [("address_poisoning", found)]


def poisoning_batch(chain, cast, near):
    """Many victims at once, of whom nothing is known."""
    victims = [chain.address() for _ in range(chain.random.randrange(8, 40))]
    found = chain.transaction(near, chain.address(), chain.address(), call="0x" + "77" * 40,
                              logs=[transfer(USDC, v, chain.address(), 0) for v in victims])
    return [("address_poisoning", found)]


def sandwich(chain, cast, near):
    """Front, one to three victims, back: by one account or two, on a pair or a V3 pool."""
    random = chain.random
    pool = random.choice(cast.pools)
    bot, contract = chain.address(), chain.address()
    closer = bot if random.random() < 0.8 else chain.address()
    side = 1  # with WETH
    logs, bought = pool.swap(side, pool.reserves[side] // 40, contract, contract, contract)
    front = chain.transaction(near, bot, contract, call="0x01", logs=logs)
    for _ in range(random.randrange(1, 4)):
        victim = random.choice(cast.wallets)
        logs, _ = pool.swap(side, pool.reserves[side] // random.randrange(20, 60), ROUTER_V2, victim, victim)
        chain.transaction(near, victim, ROUTER_V2, call="0x38ed1739", logs=logs, tight=True)
    logs, _ = pool.swap(1 - side, bought, contract, contract, contract)
    back = chain.transaction(near, closer, contract, call="0x02", logs=logs, tight=True)
    return [("sandwich", (front, back))]


def sandwich_v4(chain, cast, near):
    """In the one contract that holds all V4 pools: the pool is named by its id, and signs are the swapper's."""
    bot, contract, token = chain.address(), chain.address(), chain.random.choice(cast.tokens[3:])
    identity = int(chain.hash(f"pool {near}"), 16)
    pool = Pool(chain, token, WETH, 10**24, 500 * ETHER)

    def swap(side, amount, sender):
        other = 1 - side
        _, out = pool.swap(side, amount, sender, sender, sender)
        deltas = [0, 0]
        deltas[side], deltas[other] = -amount, out
        return [transfer(pool.tokens[side], sender, POOL_MANAGER, amount),
                transfer(pool.tokens[other], POOL_MANAGER, sender, out),
                log(POOL_MANAGER, [SWAP_V4, identity, sender], *deltas, 2**96, 10**20, 0, 3000)], out

    logs, bought = swap(1, 10 * ETHER, contract)
    front = chain.transaction(near, bot, contract, call="0x01", logs=logs)
    logs, _ = swap(1, 15 * ETHER, chain.address())
    chain.transaction(near, chain.random.choice(cast.wallets), chain.address(), call="0x3593564c", logs=logs, tight=True)
    logs, _ = swap(0, bought, contract)
    back = chain.transaction(near, bot, contract, call="0x02", logs=logs, tight=True)
    return [("sandwich", (front, back))]


def two_traders(chain, cast, near):
    """No sandwich: a purchase, another's purchase and a third's sale through one router."""
    pool = chain.random.choice(cast.pools)
    for i, (side, who) in enumerate(zip((1, 1, 0), chain.random.sample(cast.wallets, 3))):
        logs, _ = pool.swap(side, pool.reserves[side] // 50, cast.routers[1], who, who)
        chain.transaction(near, who, cast.routers[1], call="0x38ed1739", logs=logs, tight=i > 0)
    return []


def paid_again(chain, cast, near):
    """No poisoning: the same address is paid again, and a transfer of nothing to it."""
    victim, paid = chain.random.choice(cast.wallets), chain.address()
    for after, amount in ((0, 10**9), (3, 10**8), (5, 0)):
        chain.transaction(near + after, victim, USDT, call="0xa9059cbb", logs=[transfer(USDT, victim, paid, amount)])
    return []


def approve(chain, number, owner, token, spender, tight=False):
    chain.transaction(number, owner, token, call="0x095ea7b3", logs=[log(token, [APPROVAL, owner, spender], 2**256 - 1)],
                      tight=tight)


def drain(chain, cast, near):
    """Wallets allow a contract, and some blocks later its master takes it all."""
    random = chain.random
    master, spender, receiver = chain.address(), chain.address(), chain.address()
    owners = random.sample(cast.wallets, random.randrange(4, 12))
    tokens = [random.choice(cast.tokens) for _ in owners]
    for owner, token in zip(owners, tokens):
        approve(chain, near + random.randrange(3), owner, token, spender)
    later = near + random.randrange(4, 12)
    moves = [transfer(token, owner, receiver, cast.amount()) for owner, token in zip(owners, tokens)]
    if random.random() < 0.5:
        chain.transaction(later, master, spender, call="0x" + "88" * 40, logs=moves)
    else:
        for i, move in enumerate(moves):
            chain.transaction(later + i % 3, master, spender, call="0x" + "88" * 40, logs=[move])
    return [("wallet_drain", spender)]


def phishing(chain, cast, near):
    """Wallets allow a contract that none of them ever uses."""
    first, spender = min(near, chain.first_block + 45), chain.address()
    for i, owner in enumerate(chain.random.sample(cast.wallets, 14)):
        approve(chain, first + i % 4, owner, cast.tokens[i % 6], spender)
    approve(chain, first + 60, chain.random.choice(cast.wallets), cast.tokens[0], spender)
    return [("approval_phishing", spender)]


def new_router(chain, cast, near):
    """No phishing: a router that is new, and used."""
    first, router = min(near, chain.first_block + 45), chain.address()
    for i, owner in enumerate(chain.random.sample(cast.wallets, 14)):
        pool = cast.pools[i % 6]
        approve(chain, first + i % 4, owner, pool.tokens[0], router)
        logs, _ = pool.swap(0, pool.reserves[0] // 3_000, router, owner, owner)
        chain.transaction(first + i % 4 + 1, owner, router, call="0x38ed1739", logs=logs)
    approve(chain, first + 60, chain.random.choice(cast.wallets), cast.tokens[3], router)
    return []


def relayed(chain, cast, near):
    """No drain: a settlement moves what wallets allowed, and they get something for it."""
    relayer, settlement, vault = chain.address(), chain.address(), chain.address()
    for i, owner in enumerate(chain.random.sample(cast.wallets, 6)):
        token, other = cast.tokens[3 + i % 6], cast.tokens[0]
        approve(chain, near, owner, token, settlement)
        chain.transaction(near + 2 + i % 3, relayer, settlement, call="0x" + "99" * 40,
                          logs=[transfer(token, owner, vault, cast.amount()), transfer(other, vault, owner, cast.amount())])
    return []


def upgrade(chain, cast, near):
    """The code behind a known token changes; at one contract once a block."""
    token = chain.random.choice((USDC, USDT, WETH))
    block = near
    while (block, token) in cast.upgraded:
        block += 1
    cast.upgraded.add((block, token))
    chain.transaction(block, chain.address(), token, call="0x3659cfe6", logs=[log(token, [UPGRADED, chain.address()])])
    return [("admin_change", token)]


def unknown_upgrade(chain, cast, near):
    """Nobody knows the contract."""
    contract = chain.address()
    chain.transaction(near, chain.address(), contract, call="0x3659cfe6",
                      logs=[log(contract, [UPGRADED, chain.address()]),
                            log(contract, [OWNERSHIP_TRANSFERRED, chain.address(), chain.address()])])
    return []


def manipulation(chain, cast, near):
    """Borrow, pump a pool, be paid at its price, dump, repay."""
    random = chain.random
    attacker, contract, lender, victim = (chain.address() for _ in range(4))
    pool = Pool(chain, random.choice(cast.tokens[3:]), WETH, 10**24, 500 * ETHER, random.choice(("v2", "v3")))
    loan = random.randrange(150, 400) * ETHER
    logs = [transfer(WETH, lender, contract, loan), log(lender, [FLASH_LOAN_BALANCER, contract, WETH], loan, 0)]
    pump, bought = pool.swap(1, loan, contract, contract, contract)
    paid = loan // random.randrange(5, 20)
    dump, got = pool.swap(0, bought, contract, contract, contract)
    logs += pump + [transfer(WETH, victim, contract, paid)] + dump
    logs += [transfer(WETH, contract, lender, loan), transfer(WETH, contract, attacker, max(1, got + paid - loan))]
    found = chain.transaction(near, attacker, contract, call="0x" + "aa" * 40, logs=logs)
    return [("flash_loan_manipulation", found)]


def circle(chain, cast, near, borrowed=False):
    """Arbitrage of two pools of one pair whose prices differ, with a loan or without."""
    bot, contract, lender = chain.address(), chain.address(), chain.address()
    token = chain.random.choice(cast.tokens[3:])
    cheap = Pool(chain, token, WETH, 10**24, 500 * ETHER)
    dear = Pool(chain, token, WETH, 10**24, 530 * ETHER, "v3")
    amount = 2 * ETHER
    first, bought = cheap.swap(1, amount, contract, contract, contract)
    second, _ = dear.swap(0, bought, contract, contract, contract)
    logs = first + second
    if borrowed:
        logs = ([transfer(WETH, lender, contract, amount), log(lender, [FLASH_LOAN_BALANCER, contract, WETH], amount, 0)]
                + logs + [transfer(WETH, contract, lender, amount)])
    found = chain.transaction(near, bot, contract, call="0x" + "bb" * 20, logs=logs)
    return [("arbitrage", found)]


def borrowed_circle(chain, cast, near):
    """No manipulation: the same with a flash loan."""
    return circle(chain, cast, near, borrowed=True)


def mint_rush(chain, cast, near):
    """A token that nobody minted before, minted by many, of any standard."""
    random = chain.random
    token, form = chain.address(), random.choice(("erc20", "erc721", "erc1155"))
    for i, who in enumerate(random.sample(cast.wallets, random.randrange(30, 60))):
        logs = [{"erc20": lambda: transfer(token, ZERO, who, 10**18),
                 "erc721": lambda: item_transfer(token, ZERO, who, i),
                 "erc1155": lambda: log(token, [TRANSFER_SINGLE, who, ZERO, who], i, 1)}[form]()]
        chain.transaction(near + i % 3, who, token, call="0x1249c58b", logs=logs)
    return [("mint_spike", token)]


def awakening(chain, cast, near):
    """Acted 200 days ago, and now. What it was paid meanwhile wakes nobody."""
    who = chain.address()
    chain.transaction(chain.first_block, who, chain.address(), ETHER // 100)
    chain.transaction(near, who, chain.address(), int(10 ** chain.random.uniform(17, 21)))
    return [("wallet_reactivated", who)]


def short_sleep(chain, cast, near):
    """No awakening: it slept 90 days."""
    who = chain.address()
    for number in (chain.first_block, chain.first_block + 1, near):
        chain.transaction(number, who, chain.address(), ETHER // 100)
    return []


def launch(chain, cast, near):
    """An exchange pays a fresh wallet, it deploys a token, and buyers come at once."""
    deployer, token = chain.address(), chain.address()
    chain.transaction(near, EXCHANGE, deployer, ETHER)
    chain.transaction(near + 2, deployer, None, call="0x6080", creates=token, nonce=0,
                      logs=[transfer(token, ZERO, deployer, 10**27)])
    pool = Pool(chain, token, WETH, 10**26, 20 * ETHER)
    chain.transaction(near + 3, deployer, ROUTER_V2, value=20 * ETHER, call="0xf305d719", nonce=1,
                      logs=[transfer(token, deployer, pool.address, 10**26), transfer(WETH, ROUTER_V2, pool.address, 20 * ETHER),
                            log(pool.address, [MINT_V2, ROUTER_V2], 10**26, 20 * ETHER)])
    for i, who in enumerate(chain.address() for _ in range(chain.random.randrange(4, 9))):
        logs, _ = pool.swap(1, ETHER // 5, ROUTER_V2, who, who)
        chain.transaction(near + 4 + i % 2, who, ROUTER_V2, value=ETHER // 5, call="0x7ff36ab5", logs=logs)
    return [("launch_detected", token)]


def fast_trader(chain, cast, near):
    """Trades time and again within seconds."""
    who, pool = chain.address(), chain.random.choice(cast.pools)
    for i in range(chain.random.randrange(12, 24)):
        side = chain.random.randrange(2)
        logs, _ = pool.swap(side, pool.reserves[side] // chain.random.randrange(1_000, 5_000), cast.routers[2], who, who)
        chain.transaction(near + i % 2, who, cast.routers[2], call="0x38ed1739", logs=logs)
    return [("high_frequency_trading", who)]


def to_and_fro(chain, near, who, pool, times, blocks, gain=0.0):
    """Buys and sells what it bought; `gain`: how much dearer the pool is made before each sale."""
    for i in range(times):
        amount = pool.reserves[1] // chain.random.randrange(60, 120)
        for side in (1, 0):
            if side == 0 and gain:
                pool.reserves[1] = int(pool.reserves[1] * (1 + gain))
            logs, amount = pool.swap(side, amount, ROUTER_V2, who, who)
            chain.transaction(near + i * blocks // times, who, ROUTER_V2, call="0x38ed1739", logs=logs, tight=side == 0)


def wash_pool(chain, cast, near):
    """Trades with itself, in a pool of others or in one that nobody else uses."""
    random, who = chain.random, chain.address()
    pool = random.choice(cast.pools) if random.random() < 0.5 else Pool(chain, chain.address(), WETH, 10**24, 50 * ETHER)
    times = random.randrange(4, 9)
    to_and_fro(chain, near, who, pool, times, times)
    return [("wash_trading", who)]


def wash_ring(chain, cast, near):
    """An item is sold round among wallets that one of them paid, and comes back."""
    random = chain.random
    ring = [chain.address() for _ in range(random.randrange(2, 5))]
    item, price = random.randrange(10**6), int(10 ** random.uniform(17, 19))
    where = random.choice(cast.collections)
    for i, who in enumerate(ring[1:]):
        chain.transaction(near, ring[0], who, 2 * price)
    for i, seller in enumerate(ring):
        cast.sale(near + 1 + 2 * i, where, 10**9 + item, seller, ring[(i + 1) % len(ring)],
                  int(price * random.uniform(0.96, 1.04)))
    # Three that were funded alike and act alike are a cluster, too.
    return [("wash_trading", ring[0])] + [("linked_wallets", ring[0])] * (len(ring) > 3)


def grid(chain, cast, near):
    """No wash trading: it sells dearer than it bought."""
    to_and_fro(chain, near, chain.address(), Pool(chain, chain.address(), WETH, 10**24, 50 * ETHER), 8, 8, gain=0.02)
    return []


def twice(chain, cast, near):
    """No wash trading: a pool is tried and left, twice."""
    to_and_fro(chain, near, chain.address(), chain.random.choice(cast.pools), 2, 2)
    return []


def maker(chain, cast, near):
    """No wash trading: it buys in one pool and sells in another."""
    who, token = chain.address(), chain.address()
    cheap, dear = (Pool(chain, token, WETH, 10**24, 50 * ETHER) for _ in range(2))
    for i in range(8):
        logs, bought = cheap.swap(1, ETHER // 4, ROUTER_V2, who, who)
        chain.transaction(near + i, who, ROUTER_V2, call="0x38ed1739", logs=logs)
        logs, _ = dear.swap(0, bought, ROUTER_V2, who, who)
        chain.transaction(near + i, who, ROUTER_V2, call="0x38ed1739", logs=logs)
    return []


def change_of_mind(chain, cast, near):
    """No ring: an item is sold back to whom it was bought from."""
    seller, buyer, price = chain.address(), chain.address(), ETHER
    where, item = chain.random.choice(cast.collections), 10**9 + chain.random.randrange(10**6)
    cast.sale(near, where, item, seller, buyer, price)
    cast.sale(near + 4, where, item, buyer, seller, price)
    return []


def telling(chain, words=4):
    """Arguments that nobody else has: a signature, a hash, a proof."""
    return chain.random.randbytes(32 * words).hex()


def overtaken(chain, cast, near):
    """A call that waits is copied by another, to a contract of its own, and mined before it."""
    random, attacker = chain.random, chain.address()
    words, victim = telling(chain), random.choice(cast.wallets)
    body = {"call": "0x5c11d795" + words, "seen": True, "status": random.randrange(2)}
    found = None
    attack = {"sender": attacker, "to": chain.address(), "call": "0x00000001" + words + attacker[2:].rjust(64, "0"),
              "price": 3 * GWEI}
    # What was seen first is the victim's; in the block the attack comes first.
    hold = chain.transaction(near, chain.address(), chain.address(), 1)
    found = chain.transaction(near, victim, chain.address(), tight=True, **body)
    chain.transaction(near, tight=True, seen=random.random() < 0.5, **attack)
    group = chain.blocks[near][-1]
    group[-1], group[-2] = group[-2], group[-1]
    assert hold and group[-1]["hash"] == found
    return [("displacement", found)]


def sped_up(chain, cast, near):
    """No displacement: the sender itself sends the same again, by way of another contract and dearer."""
    who, words = chain.random.choice(cast.wallets), telling(chain)
    chain.transaction(near, who, chain.address(), call="0x00000001" + words, seen=True, price=3 * GWEI)
    chain.transaction(near, who, chain.address(), call="0x5c11d795" + words, seen=True, tight=True, status=0)
    return []


def same_words(chain, cast, near):
    """No displacement: many send what one service gave them all."""
    words = telling(chain)
    for i, who in enumerate(chain.random.sample(cast.wallets, 6)):
        chain.transaction(near, who, chain.address(), call="0x00000002" + words, seen=True, tight=i > 0, price=(i + 1) * GWEI)
    return []


def shared_deposit(chain, cast, near):
    """Wallets of one customer pay into the deposit address that an exchange gave it; it passes all on."""
    random, deposit = chain.random, chain.address()
    users = [chain.address() for _ in range(random.randrange(4, 8))]
    for i, user in enumerate(users):
        amount = int(10 ** random.uniform(17, 19))
        chain.transaction(near + i, user, deposit, amount)
        chain.transaction(near + i, deposit, EXCHANGE, amount - 21_000 * 30 * GWEI, tight=True)
    return [("linked_wallets", users[0])]


def sybils(chain, cast, near):
    """One wallet funds others alike, and they do the same with one contract."""
    random, funder, contract = chain.random, chain.address(), chain.address()
    wallets = [chain.address() for _ in range(random.randrange(5, 9))]
    amount = int(10 ** random.uniform(16, 17))
    for who in wallets:
        chain.transaction(near + random.randrange(2), funder, who, int(amount * random.uniform(0.97, 1.03)))
    for who in wallets:
        chain.transaction(near + 2 + random.randrange(3), who, contract, call="0x4e71d92d" + telling(chain, 1), nonce=0)
    return [("linked_wallets", funder)]


def wages(chain, cast, near):
    """No cluster: somebody pays many alike, and some of them use the same contract."""
    payer, contract = chain.address(), chain.address()
    paid = [chain.address() for _ in range(80)]
    for who in paid:
        chain.transaction(near, payer, who, ETHER // 10)
    for who in paid[:8]:
        chain.transaction(near + 2, who, contract, call="0x4e71d92d" + telling(chain, 1), nonce=0)
    return []


def cashing_in(chain, cast, near):
    """No cluster: friends pay somebody, who sells some of it at an exchange."""
    who = chain.address()
    for i, friend in enumerate(chain.random.sample(cast.wallets, 5)):
        chain.transaction(near + i, friend, who, ETHER)
        chain.transaction(near + i, who, EXCHANGE, int(ETHER * chain.random.uniform(0.2, 0.9)))
    return []


def trading_bot(chain, cast, near):
    """A contract that three accounts trade through, to and fro, block after block."""
    random, bot = chain.random, chain.address()
    hands = [chain.address() for _ in range(3)]
    pool = Pool(chain, chain.address(), WETH, 10**24, 500 * ETHER)
    for block in range(near, near + 4):
        for i in range(6):
            side = 1 if i % 3 == 1 else 0
            logs, _ = pool.swap(side, pool.reserves[side] // random.randrange(2_000, 9_000), bot, bot, bot)
            chain.transaction(block, hands[i % 3], bot, call="0x00000003", logs=logs)
    return [("high_frequency_trading", bot)]


def crowd(chain, cast, near):
    """Everybody trades in one pool at once."""
    pool = chain.random.choice(cast.pools)
    while pool in cast.crowded:
        pool = chain.random.choice(cast.pools)
    cast.crowded.append(pool)
    near = max(near, chain.first_block + 60)
    for who in chain.random.sample(cast.wallets, 90):
        side = chain.random.randrange(2)
        logs, _ = pool.swap(side, pool.reserves[side] // 20_000, cast.routers[1], who, who)
        chain.transaction(near, who, cast.routers[1], call="0x38ed1739", logs=logs)
    return [("pool_trading_spike", pool.address)]


#: name: (plants, how many to a recording)
CASES = {"poisoning": (poisoning, 8), "poisoning_batch": (poisoning_batch, 2), "paid_again": (paid_again, 3),
         "sandwich": (sandwich, 6), "sandwich_v4": (sandwich_v4, 2), "two_traders": (two_traders, 3),
         "arbitrage": (circle, 2), "borrowed_arbitrage": (borrowed_circle, 2), "manipulation": (manipulation, 3),
         "drain": (drain, 3), "phishing": (phishing, 2), "new_router": (new_router, 2), "relayed": (relayed, 2),
         "upgrade": (upgrade, 3), "unknown_upgrade": (unknown_upgrade, 3), "mint_rush": (mint_rush, 3),
         "awakening": (awakening, 5), "short_sleep": (short_sleep, 3), "launch": (launch, 3), "fast_trader": (fast_trader, 3),
         "wash_pool": (wash_pool, 3), "wash_ring": (wash_ring, 2), "grid": (grid, 2), "twice": (twice, 2), "maker": (maker, 2),
         "change_of_mind": (change_of_mind, 2), "shared_deposit": (shared_deposit, 2), "sybils": (sybils, 2), "wages": (wages, 1),
         "cashing_in": (cashing_in, 2), "overtaken": (overtaken, 3), "sped_up": (sped_up, 2), "same_words": (same_words, 1),
         "trading_bot": (trading_bot, 2), "crowd": (crowd, 1)}

#: Planted on two chains a seed, so that neither is busier than a chain can be.
SECOND = {"fast_trader", "wash_pool", "wash_ring", "grid", "twice", "maker", "change_of_mind", "shared_deposit", "sybils", "wages",
          "cashing_in", "overtaken", "sped_up", "same_words", "trading_bot", "crowd"}

#: Signal types that nothing but the truth may bring about on a made chain.
PLANTED = {"address_poisoning", "poisoning_payoff", "sandwich", "arbitrage", "flash_loan_manipulation", "wallet_drain",
           "approval_phishing", "admin_change", "mint_spike", "wallet_reactivated", "launch_detected",
           "high_frequency_trading", "wash_trading", "linked_wallets", "displacement", "pool_trading_spike"}
