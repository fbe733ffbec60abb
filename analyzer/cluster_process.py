"""Families are found in a child process, so that the analysis and the scrapes go on meanwhile."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from analyzer.clusters import Family, find_families

_MODULE = "analyzer.cluster_process"
_TIMEOUT_SECONDS = 900.0  # of low priority on a busy machine, some seconds of work take long
_NICE = 10


class ClusteringFailed(Exception):
    """The child process gave no families.

    Attributes: problem.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return f"families were not found: {self.problem}"


async def find_families_apart(templates: Mapping[str, str], former: Sequence[Family] = ()) -> list[Family]:
    """Do what `find_families` does, in a child process of low priority. Raises ClusteringFailed."""
    asked = json.dumps({"templates": templates, "former": [asdict(family) for family in former]})
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"}
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", _MODULE, stdin=pipe, stdout=pipe, stderr=pipe, env=environment
        )
    except OSError as error:
        raise ClusteringFailed(str(error)) from None
    try:
        answer, problem = await asyncio.wait_for(process.communicate(asked.encode()), _TIMEOUT_SECONDS)
    except TimeoutError:
        raise ClusteringFailed(f"no answer within {_TIMEOUT_SECONDS:.0f} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise ClusteringFailed(problem.decode(errors="replace").strip()[-500:] or f"exit {process.returncode}")
    return [_family(made) for made in json.loads(answer)]


def main() -> None:
    """Read templates and former families from standard input, write the families to standard output."""
    os.nice(_NICE)
    asked = json.load(sys.stdin)
    found = find_families(asked["templates"], [_family(made) for made in asked["former"]])
    json.dump([asdict(family) for family in found], sys.stdout)


def _family(made: dict[str, object]) -> Family:
    return Family(**{**made, "pattern_ids": tuple(made["pattern_ids"])})  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
