"""`fmtool tune dashboard`: optuna-dashboard on the study's storage, on loopback only."""

from importlib.util import find_spec

from fmtool import extras
from fmtool.errors import CannotCreate, UsageError
from fmtool.notices import note

from .flags import Flags
from .tune_study import count, read

_HOST, _PORT = "127.0.0.1", 8080


def main(_: str, argv: list[str], flags: Flags) -> int:
    """Serves until it is interrupted; CannotCreate where the port is taken."""
    request = read(argv, flags, extra=("port",))
    if find_spec("optuna_dashboard") is None:
        raise UsageError(
            "optuna-dashboard is not installed", fix=extras.install("optuna-dashboard")
        )
    port = count(request, "port", _PORT)
    store = request.store()

    from wsgiref.simple_server import make_server

    from optuna_dashboard import wsgi

    from fmtool.compat.private_optuna import storage_of

    try:
        server = make_server(_HOST, port, wsgi(storage_of(store.study)))
    except OSError as error:
        raise CannotCreate(
            f"port {port} cannot be used: {error.strerror}", fix="give another one as port="
        ) from error
    with server:
        note(f"study {request.name}: http://{_HOST}:{port} (Ctrl-C ends it)")
        server.serve_forever()
    return 0
