"""Accounts that sign on secp256k1 (SEC 2 §2.4.1) with nonces from a small table. The table gives the keys away to anybody
who looks, which is no loss: they are made up, and hold nothing on any chain."""
import functools
import random

from encoding import keccak

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
     0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8)
NONCES = 16


def _add(p, q):
    if p is None or q is None:
        return p or q
    (px, py), (qx, qy) = p, q
    if px == qx and (py + qy) % P == 0:
        return None
    slope = 3 * px * px * pow(2 * py, -1, P) if p == q else (qy - py) * pow(qx - px, -1, P)
    x = (slope * slope - px - qx) % P
    return x, (slope * (px - x) - py) % P


def multiple(scalar):
    """scalar × G."""
    out, power = None, G
    while scalar:
        if scalar & 1:
            out = _add(out, power)
        power = _add(power, power)
        scalar >>= 1
    return out


@functools.cache
def _nonces():
    """(1/k, r, parity) of a few k."""
    draw = random.Random("nonces")
    out = []
    for _ in range(NONCES):
        k = draw.randrange(1, N)
        x, y = multiple(k)
        out.append((pow(k, -1, N), x % N, y & 1))
    return out


class Account:
    def __init__(self, key):
        self.key = key
        x, y = multiple(key)
        self.address = keccak(x.to_bytes(32, "big") + y.to_bytes(32, "big"))[12:]

    def sign(self, digest):
        """(yParity, r, s), s in the lower half (EIP-2)."""
        inverse, r, parity = _nonces()[digest[0] % NONCES]
        s = inverse * (int.from_bytes(digest, "big") + r * self.key) % N
        return (parity, r, s) if s <= N // 2 else (1 - parity, r, N - s)


def accounts(seed, count):
    draw = random.Random(f"{seed}/accounts")
    return [Account(draw.randrange(1, N)) for _ in range(count)]
