# SPDX-License-Identifier: MIT
"""What stands in the stores of ule-family, for the tests: a store is a cache of its partition's changelog, so when its
owner has ended it has what a consumer of the changelog would have, byte for byte.

    for key in stores.differences(cluster, live.state_dir(1), 3): ..."""
import ctypes
import ctypes.util
import subprocess

CHANGELOG = "ule.person-state.v1"
DUE_SIZE = 4  # bytes before each state
RDONLY, NOLOCK, NEXT = 0x20000, 0x400000, 8
MAP_BYTES = 1 << 36


class Failed(Exception):
    pass


class Value(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("data", ctypes.c_void_p)]

    def bytes(self):
        return ctypes.string_at(self.data, self.size)


LMDB = ctypes.CDLL(ctypes.util.find_library("lmdb") or "liblmdb.so.0")


def ask(name, *arguments):
    code = getattr(LMDB, name)(*arguments)
    if code:
        raise Failed("%s: error %d" % (name, code))


def content(folder):
    """Entity -> state, of a store that nobody has open."""
    env, txn, cursor, dbi = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_uint()
    ask("mdb_env_create", ctypes.byref(env))
    try:
        ask("mdb_env_set_maxdbs", env, 4)
        ask("mdb_env_set_mapsize", env, ctypes.c_size_t(MAP_BYTES))
        ask("mdb_env_open", env, str(folder).encode(), RDONLY | NOLOCK, 0o600)
        ask("mdb_txn_begin", env, None, RDONLY, ctypes.byref(txn))
        ask("mdb_dbi_open", txn, b"state.0", 0, ctypes.byref(dbi))
        ask("mdb_cursor_open", txn, dbi, ctypes.byref(cursor))
        found, key, value = {}, Value(), Value()
        while LMDB.mdb_cursor_get(cursor, ctypes.byref(key), ctypes.byref(value), NEXT) == 0:
            found[key.bytes()] = value.bytes()[DUE_SIZE:]
        LMDB.mdb_cursor_close(cursor)
        LMDB.mdb_txn_abort(txn)
        return found
    finally:
        LMDB.mdb_env_close(env)


def changelog(cluster, partition):
    """Entity -> state, as of its end."""
    command = ["kcat", "-b", cluster.bootstrap, "-X", "isolation.level=read_committed", "-C", "-t", CHANGELOG,
               "-p", str(partition), "-o", "beginning", "-e", "-q", "-f", "%K %S|%k%s"]
    data = subprocess.run(command, check=True, capture_output=True).stdout
    found, at = {}, 0
    while at < len(data):
        bar = data.index(b"|", at)
        key_size, size = map(int, data[at:bar].split())
        key = data[bar + 1:bar + 1 + key_size]
        at = bar + 1 + key_size + max(size, 0)
        if size < 0:
            found.pop(key, None)
        else:
            found[key] = data[at - size:at]
    return found


def differences(cluster, state_dir, partition):
    """How many entities of a partition are not in the store as they are in the changelog; and of how many in all."""
    here, there = content(state_dir / ("partition-%d" % partition)), changelog(cluster, partition)
    return sum(here.get(key) != there.get(key) for key in set(here) | set(there)), len(there)
