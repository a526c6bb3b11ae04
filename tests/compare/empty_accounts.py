"""Blocks in which empty accounts exist, as they could before Spurious Dragon (EIP-161).

Out: one block for each old fork and seed, in the form of recorded blocks, without results: calls and
self-destructions, with and without value, whose other end is an account that the state lists with
nothing in it, one that it does not list, a precompiled contract that it lists or does not, and an
account with a balance; some ends are met again later in the block, when an earlier call may have made
them. Whether an account exists decides whether 25,000 gas are charged, and nothing else.
Invariant: the same on every run. Signatures are numbers, and a sender is who happens to have signed.
"""

import random

from ethereum.crypto.elliptic_curve import secp256k1_recover
from ethereum.crypto.hash import keccak256
from ethereum.forks.homestead.trie import Trie, root, trie_set
from ethereum_rlp import rlp
from ethereum_types.bytes import Bytes
from ethereum_types.numeric import U256, Uint

# First blocks of two forks, and a bit.
FORKS = {"frontier": 1_000_000, "homestead": 1_200_000, "tangerine": 2_500_000}
N_CALLS = 48
GAS = 90_000
GAS_PRICE = 20_000_000_000
ETHER = 10**18
CALLER = 0xCA11
DESTROYER = 0xDE57
NO_UNCLES = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"


def address(number):
    return "0x" + number.to_bytes(20, "big").hex()


def word(number):
    return number.to_bytes(32, "big")


def integer(number):
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def caller():
    """CALL(20000, calldata[0], calldata[32], 0, 0, 0, 0), whatever comes of it."""
    return bytes.fromhex("6000600060006000602035600035614e20f150" + "00")


def destroyer():
    """SELFDESTRUCT(calldata[0])"""
    return bytes.fromhex("600035ff")


def transaction(nth, to, value, input_):
    call = [b"", integer(GAS_PRICE), integer(GAS), bytes.fromhex(to[2:]), integer(value), input_]
    digest = keccak256(rlp.encode(call))
    r = 1
    while True:
        try:
            key = secp256k1_recover(U256(r), U256(1), U256(0), digest)
            break
        except Exception:  # Nearly every number is a signature.
            r += 1
    signed = rlp.encode([*call, integer(27), integer(r), integer(1)])
    return {
        "hash": "0x" + keccak256(signed).hex(),
        "encoded": signed,
        "type": "0x0",
        "transactionIndex": hex(nth),
        "from": "0x" + keccak256(key)[12:].hex(),
        "nonce": "0x0",
        "gasPrice": hex(GAS_PRICE),
        "gas": hex(GAS),
        "to": to,
        "value": hex(value),
        "input": "0x" + input_.hex(),
        "v": "0x1b",
        "r": hex(r),
        "s": "0x1",
    }


def hash_of(header):
    """The hash of a header as it was before London."""
    names = ["parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot",
             "logsBloom", "difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData",
             "mixHash", "nonce"]
    numbers = {"difficulty", "number", "gasLimit", "gasUsed", "timestamp"}
    fields = [integer(int(header[it], 16)) if it in numbers else bytes.fromhex(header[it][2:])
              for it in names]
    return "0x" + keccak256(rlp.encode(fields)).hex()


def with_gas(file, used):
    """The same block, whose header states so much gas."""
    header = dict(file["block"], gasUsed=hex(used))
    return dict(file, block=dict(header, hash=hash_of(header)))


def block(fork, seed):
    """The block without gas used, receipts and roots, which depend on running it."""
    draw = random.Random(f"{fork} {seed}")
    listed, unlisted = range(0xE000, 0xE006), range(0xF000, 0xF006)
    ends = [*listed, *unlisted, 1, 2, 3, 4, 0xBA1]
    state = {address(end): {"balance": "0x0"} for end in [*listed, 1, 2]}
    state[address(0xBA1)] = {"balance": "0x1"}
    state[address(CALLER)] = {"balance": hex(ETHER), "nonce": "0x0", "code": "0x" + caller().hex()}
    transactions = []
    for nth in range(N_CALLS):
        end, value = draw.choice(ends), draw.choice([0, 0, 1])
        kind = draw.choice(["call", "call", "call", "pay", "destroy"])
        # Makes the transaction another one, so that it has another sender.
        mark = word(nth)
        if kind == "pay":
            transactions.append(transaction(nth, address(end), value, mark))
        elif kind == "call":
            input_ = word(end) + word(value) + mark
            transactions.append(transaction(nth, address(CALLER), 0, input_))
        else:
            own = address(DESTROYER * 256 + nth)
            state[own] = {"balance": hex(value), "code": "0x" + destroyer().hex()}
            transactions.append(transaction(nth, own, 0, word(end) + mark))
    for sent in transactions:
        state[sent["from"]] = {"balance": hex(ETHER)}
    trie = Trie(secured=False, default=None)
    for nth, sent in enumerate(transactions):
        trie_set(trie, rlp.encode(Uint(nth)), Bytes(sent.pop("encoded")))
    number = FORKS[fork] + seed
    zeros = "0x" + bytes(32).hex()
    header = {
        "number": hex(number),
        "timestamp": hex(1_460_000_000 + number),
        "miner": address(0xC01BA5E),
        "gasLimit": hex(8_000_000),
        "gasUsed": "0x0",
        "difficulty": hex(10**12),
        "extraData": "0x",
        "mixHash": zeros,
        "nonce": "0x" + bytes(8).hex(),
        "parentHash": zeros,
        "stateRoot": zeros,
        "receiptsRoot": zeros,
        "transactionsRoot": "0x" + root(trie).hex(),
        "logsBloom": "0x" + bytes(256).hex(),
        "sha3Uncles": NO_UNCLES,
    }
    header["hash"] = hash_of(header)
    header |= {"uncles": [], "transactions": transactions}
    return {"chainId": "0x1", "block": header, "preState": state, "blockHashes": {}}
