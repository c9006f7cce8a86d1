"""Two authors of apps who do what the guides say: one with curl, one with JavaScript in a browser.

Each runs the very files that the guides show, and gives back what they answer.
"""

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

EXAMPLES = Path(__file__).parents[3] / "docs" / "guides" / "examples"
# This calls the only function of a module, with a client that is signed in with this token. It gives back the arguments
# too, because a step may have changed them.
RUN = """
async ({ path, token, given }) => {
  const { session } = await import("/docs/guides/examples/client.mjs");
  Object.assign(session, { base: location.origin, accessToken: token });
  const [step] = Object.values(await import(`/docs/guides/examples/${path}.mjs`));
  return { answer: await step(given), given };
}
"""


FOLLOW = """
async (url) => {
  const { follow } = await import("/docs/guides/examples/renting/follow.mjs");
  window.heard = [];
  window.end = follow({ url, read: (change) => heard.push(change) });
}
"""


class Author(Protocol):
    name: str
    token: str | None

    def run(self, step: str, **given: Any) -> Any:
        """Run a step of a guide, and give what it answers."""

    def following(self, url: str) -> AbstractContextManager[Callable[[str], None]]:
        """Follow a stream. What it gives waits until a change of some kind was told, or `hello`."""


class WithCurl:
    name = "curl"

    def __init__(self, base: str) -> None:
        self.base = base
        self.token: str | None = None

    def run(self, step: str, **given: Any) -> Any:
        command, environment = self._command(step, given)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "null")

    @contextmanager
    def following(self, url: str) -> Iterator[Callable[[str], None]]:
        command, environment = self._command("renting/follow", {"url": url})
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, process_group=0) as curl:

            def wait_for(kind: str) -> None:
                wanted = "event: hello" if kind == "hello" else f'"kind":"{kind}"'
                assert curl.stdout is not None
                assert any(wanted in line for line in curl.stdout), "the stream has ended"

            yield wait_for
            os.killpg(curl.pid, signal.SIGTERM)

    def _command(self, step: str, given: dict[str, Any]) -> tuple[list[str], dict[str, str]]:
        variables = {name.upper(): str(value) for name, value in given.items()}
        environment = {"PATH": os.defpath, "BASE": self.base, "TOKEN": self.token or "", **variables}
        return ["/bin/sh", "-eu", str(EXAMPLES / f"{step}.sh")], environment


class WithJavaScript:
    name = "javascript"

    def __init__(self, base: str, page: Any) -> None:
        self.page = page
        self.token: str | None = None
        self.given: dict[str, Any] = {}
        page.goto(f"{base}/docs")

    def run(self, step: str, **given: Any) -> Any:
        given = {_camel(name): value for name, value in given.items()}
        done = self.page.evaluate(RUN, {"path": step, "token": self.token, "given": given})
        self.given = done["given"]
        return done["answer"]

    @contextmanager
    def following(self, url: str) -> Iterator[Callable[[str], None]]:
        self.page.evaluate(FOLLOW, url)
        yield lambda kind: self.page.wait_for_function(
            "kind => heard.some((each) => (each ? each.kind : 'hello') === kind)", arg=kind
        )
        self.page.evaluate("end()")


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)
