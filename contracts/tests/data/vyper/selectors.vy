# Selectors in every kind of table: compiled with vyper 0.3.10 and 0.4.3 to the runtime code beside
# this file, `vyper -f bytecode_runtime -O none|gas|codesize selectors.vy`, with
# --experimental-codegen for those called venom. Made for these tests; MIT OR Apache-2.0.
count: public(uint256)
owner: public(address)
balances: public(HashMap[address, uint256])

@external
def put0(x: uint256):
    self.balances[msg.sender] = x + 0

@external
def put1(x: uint256):
    self.balances[msg.sender] = x + 1

@external
def put2(x: uint256):
    self.balances[msg.sender] = x + 2

@external
def put3(x: uint256):
    self.balances[msg.sender] = x + 3

@external
def put4(x: uint256):
    self.balances[msg.sender] = x + 4

@external
def put5(x: uint256):
    self.balances[msg.sender] = x + 5

@external
def put6(x: uint256):
    self.balances[msg.sender] = x + 6

@external
def put7(x: uint256):
    self.balances[msg.sender] = x + 7

@external
def put8(x: uint256):
    self.balances[msg.sender] = x + 8

@external
def put9(x: uint256):
    self.balances[msg.sender] = x + 9

@external
def put10(x: uint256):
    self.balances[msg.sender] = x + 10

@external
def put11(x: uint256):
    self.balances[msg.sender] = x + 11

# Selectors whose last bytes are zero.
@external
def set247(x: uint256):
    self.count = x

@external
def set111654(x: uint256):
    self.count += x

# A selector whose first byte is zero.
@external
@view
def get110(x: uint256) -> uint256:
    return self.count + x

@external
@payable
def __default__():
    self.owner = msg.sender
