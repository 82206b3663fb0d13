"""A Serve application that adds the numbers of a request, and says which Pod did it."""

import os
import socket

from ray import serve


@serve.deployment
class Sums:
    async def __call__(self, request):
        numbers = (await request.body()).decode().split()
        return {"sum": sum(map(int, numbers)), "pod": socket.gethostname(), "process": os.getpid()}


app = Sums.bind()
