"""Another provincial system: hands in a dossier, brings it to its end, and sees the unit's index change.

Usage: integrator.py DOSSIERS PROJECTION UNIT PROCEDURE INDEX PERIOD (addresses as host:port). The modules generated from
proto/ are on PYTHONPATH; CHISO_TLS_CA names the file of the certificate authority, CHISO_TOKEN is what the issuer gave.
"""

import os
import sys
import uuid

import grpc
from chiso.dossiers.v1 import service_pb2 as dossiers
from chiso.dossiers.v1 import service_pb2_grpc as dossiers_grpc
from chiso.dossiers.v1 import types_pb2 as types
from chiso.log.v1 import log_pb2 as log
from chiso.projection.v1 import service_pb2 as projection
from chiso.projection.v1 import service_pb2_grpc as projection_grpc

DEADLINE = 60  # seconds


def context():
    """Every command carries an id, so that it may be repeated when its answer is lost."""
    return log.CommandContext(request_id=str(uuid.uuid4()))


def channel(address):
    """Encrypted, to a server that the authority vouches for; the token goes with every call."""
    with open(os.environ["CHISO_TLS_CA"], "rb") as authority:
        tls = grpc.ssl_channel_credentials(authority.read())
    token = grpc.access_token_call_credentials(os.environ["CHISO_TOKEN"])
    return grpc.secure_channel(address, grpc.composite_channel_credentials(tls, token))


def main(dossiers_at, projection_at, unit, procedure, index, period):
    counter = dossiers_grpc.DossiersServiceStub(channel(dossiers_at))
    indices = projection_grpc.ProjectionServiceStub(channel(projection_at))
    watch = indices.WatchIndices(
        projection.WatchIndicesRequest(index=index, period=period, subjects=[unit]), timeout=DEADLINE
    )
    while next(watch).WhichOneof("kind") != "caught_up":
        pass

    dossier = counter.ReceiveDossier(
        dossiers.ReceiveDossierRequest(
            context=context(), procedure=procedure, unit=unit, channel=types.CHANNEL_ONLINE, applicant="036090001234"
        ),
        timeout=DEADLINE,
    )
    print("received", dossier.code)
    counter.StartProcessing(
        dossiers.StartProcessingRequest(context=context(), code=dossier.code, officer="cb01"), timeout=DEADLINE
    )
    done = counter.CompleteDossier(
        dossiers.CompleteDossierRequest(context=context(), code=dossier.code), timeout=DEADLINE
    )
    assert done.status == types.DOSSIER_STATUS_COMPLETED and done.timeliness == types.TIMELINESS_ON_TIME, done
    print("completed", done.code)
    counter.IssueElectronicResult(
        dossiers.IssueElectronicResultRequest(context=context(), code=dossier.code, sha256=bytes(32)), timeout=DEADLINE
    )

    for message in watch:
        if message.WhichOneof("kind") == "index_changed":
            changed = message.index_changed
            print("changed", changed.subject, changed.period, changed.total_before or "-", "->", changed.total)
            return


main(*sys.argv[1:])
