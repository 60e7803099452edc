#!/usr/bin/env python3
"""A slow wire between two network namespaces: a rate, a delay, and a queue that drops what does not fit (drop-tail).

    slow-wire.py NAMESPACE_A ADDRESS_A NAMESPACE_B ADDRESS_B BYTES_PER_SECOND DELAY_MS QUEUE_BYTES LOSS

Each direction has a bottleneck of its own. The ends are TUN devices, so that TCP and UDP share the queue packet by packet. Prints
`ready` when the wire is up, and ends when its standard input does.
"""
import ctypes, fcntl, heapq, os, random, select, struct, subprocess, sys, time

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
libc = ctypes.CDLL(None, use_errno=True)


def enter(namespace):
    if libc.setns(namespace, 0x40000000) != 0:
        raise OSError(ctypes.get_errno(), 'setns')


def open_end(namespace, address, peer):
    here = os.open('/proc/self/ns/net', os.O_RDONLY)
    enter(os.open(f'/run/netns/{namespace}', os.O_RDONLY))
    end = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(end, TUNSETIFF, struct.pack('16sH', b'slow0', IFF_TUN | IFF_NO_PI))
    subprocess.check_call(['ip', 'addr', 'add', address, 'peer', peer, 'dev', 'slow0'])
    subprocess.check_call(['ip', 'link', 'set', 'slow0', 'up'])
    enter(here)
    return end


class Direction:
    """A queue that is emptied at the wire's rate: a packet waits until what came before it has left."""

    def __init__(self, target):
        self.target = target
        self.free_at = 0.0

    def take(self, packet, now):
        """When the packet arrives; None where the queue is full."""
        waiting = max(0.0, self.free_at - now) * rate
        if waiting + len(packet) > queue or random.random() < loss:
            return None
        self.free_at = max(self.free_at, now) + len(packet) / rate
        return self.free_at + delay


name_a, address_a, name_b, address_b = sys.argv[1:5]
rate, delay, queue, loss = float(sys.argv[5]), float(sys.argv[6]) / 1000, float(sys.argv[7]), float(sys.argv[8])
random.seed(1)
end_a, end_b = open_end(name_a, address_a, address_b), open_end(name_b, address_b, address_a)
ways = {end_a: Direction(end_b), end_b: Direction(end_a)}
under_way, count = [], 0
print('ready', flush=True)
while True:
    timeout = max(0, under_way[0][0] - time.monotonic()) if under_way else None
    readable, _, _ = select.select([end_a, end_b, 0], [], [], timeout)
    if 0 in readable and not os.read(0, 1):
        break
    for end in readable:
        for _ in range(64):
            if end == 0:
                break
            try:
                packet = os.read(end, 65535)
            except BlockingIOError:
                break
            arrival = ways[end].take(packet, time.monotonic())
            if arrival is not None:
                count += 1
                heapq.heappush(under_way, (arrival, count, ways[end].target, packet))
    now = time.monotonic()
    while under_way and under_way[0][0] <= now:
        _, _, target, packet = heapq.heappop(under_way)
        try:
            os.write(target, packet)
        except OSError:
            pass
