"""Keccak-256, RLP, the Merkle-Patricia root and the bloom of Ethereum's blocks. Pure; sources: Yellow Paper app. B to D, FIPS 202."""
import functools

MASK = (1 << 64) - 1
RATE = 136  # bytes absorbed at once
ROUND_CONSTANTS = (
    0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000, 0x000000000000808B, 0x0000000080000001,
    0x8000000080008081, 0x8000000000008009, 0x000000000000008A, 0x0000000000000088, 0x0000000080008009, 0x000000008000000A,
    0x000000008000808B, 0x800000000000008B, 0x8000000000008089, 0x8000000000008003, 0x8000000000008002, 0x8000000000000080,
    0x000000000000800A, 0x800000008000000A, 0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008)


def _lanes():
    """(to, from, rotation) of rho and pi: lane 0 stays."""
    out, x, y, rotation = [(0, 0, 0)], 1, 0, 0
    for t in range(24):
        rotation = (rotation + t + 1) % 64
        to_x, to_y = y, (2 * x + 3 * y) % 5
        out.append((to_x + 5 * to_y, x + 5 * y, rotation))
        x, y = to_x, to_y
    return out


LANES = tuple(_lanes())


def _permute(a):
    b = [0] * 25
    for constant in ROUND_CONSTANTS:
        c0 = a[0] ^ a[5] ^ a[10] ^ a[15] ^ a[20]
        c1 = a[1] ^ a[6] ^ a[11] ^ a[16] ^ a[21]
        c2 = a[2] ^ a[7] ^ a[12] ^ a[17] ^ a[22]
        c3 = a[3] ^ a[8] ^ a[13] ^ a[18] ^ a[23]
        c4 = a[4] ^ a[9] ^ a[14] ^ a[19] ^ a[24]
        d = (c4 ^ ((c1 << 1 | c1 >> 63) & MASK), c0 ^ ((c2 << 1 | c2 >> 63) & MASK), c1 ^ ((c3 << 1 | c3 >> 63) & MASK),
             c2 ^ ((c4 << 1 | c4 >> 63) & MASK), c3 ^ ((c0 << 1 | c0 >> 63) & MASK))
        for to, source, rotation in LANES:
            lane = a[source] ^ d[source % 5]
            b[to] = (lane << rotation | lane >> (64 - rotation)) & MASK
        for row in range(0, 25, 5):
            b0, b1, b2, b3, b4 = b[row:row + 5]
            a[row:row + 5] = (b0 ^ (~b1 & b2), b1 ^ (~b2 & b3), b2 ^ (~b3 & b4), b3 ^ (~b4 & b0), b4 ^ (~b0 & b1))
        a[0] ^= constant


@functools.lru_cache(maxsize=4096)
def keccak(data):
    """32 bytes. What comes again (a bloom's addresses and topics) is remembered."""
    padded = bytearray(data)
    padded += b"\0" * (RATE - len(data) % RATE)
    padded[len(data)] ^= 1
    padded[-1] ^= 0x80
    state = [0] * 25
    for at in range(0, len(padded), RATE):
        for lane in range(RATE // 8):
            state[lane] ^= int.from_bytes(padded[at + 8 * lane:at + 8 * lane + 8], "little")
        _permute(state)
    return b"".join(lane.to_bytes(8, "little") for lane in state[:4])


def minimal(number):
    """Big-endian without leading zeros; 0 is empty."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _head(short, long, size):
    if size < 56:
        return bytes([short + size])
    length = minimal(size)
    return bytes([long + len(length)]) + length


def rlp(item):
    """Of bytes, whole numbers, and lists of them."""
    if isinstance(item, int):
        item = minimal(item)
    if isinstance(item, (bytes, bytearray)):
        return bytes(item) if len(item) == 1 and item[0] < 0x80 else _head(0x80, 0xB7, len(item)) + item
    body = b"".join(map(rlp, item))
    return _head(0xC0, 0xF7, len(body)) + body


class _Raw(bytes):
    """A node of the trie that stands inside its parent as it is."""


def _node(items):
    body = b"".join(i if isinstance(i, _Raw) else rlp(i) for i in items)
    return _head(0xC0, 0xF7, len(body)) + body


def _path(nibbles, leaf):
    flag = 2 if leaf else 0
    nibbles = [flag + 1, *nibbles] if len(nibbles) % 2 else [flag, 0, *nibbles]
    return bytes(nibbles[i] << 4 | nibbles[i + 1] for i in range(0, len(nibbles), 2))


def _subtree(pairs, depth):
    """Encoded node over (nibbles, value) that agree in their first `depth` nibbles."""
    if len(pairs) == 1:
        nibbles, value = pairs[0]
        return _node([_path(nibbles[depth:], True), value])
    first, last = pairs[0][0], pairs[-1][0]
    common = depth
    while first[common] == last[common]:
        common += 1
    if common > depth:
        return _node([_path(first[depth:common], False), _child(pairs, common)])
    children = []
    for nibble in range(16):
        under = [p for p in pairs if p[0][depth] == nibble]
        children.append(_child(under, depth + 1) if under else b"")
    return _node([*children, b""])


def _child(pairs, depth):
    node = _subtree(pairs, depth)
    return _Raw(node) if len(node) < 32 else keccak(node)


def ordered_root(values):
    """Root of the trie that has each value under its index."""
    if not values:
        return keccak(b"\x80")
    pairs = []
    for index, value in enumerate(values):
        key = rlp(index)
        pairs.append(([n for byte in key for n in (byte >> 4, byte & 15)], value))
    return keccak(_subtree(sorted(pairs), 0))


def bloom_of(items):
    """256 bytes over addresses and topics."""
    bits = 0
    for item in items:
        digest = keccak(item)
        for i in (0, 2, 4):
            bits |= 1 << ((digest[i] << 8 | digest[i + 1]) & 2047)
    return bits.to_bytes(256, "big")
