"""A person in a browser that is no browser: signs in, reads the consent page, decides, and follows where it leads."""

import html
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import httpx

CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
GO_ON = re.compile(r'href="([^"]*)" rel="noreferrer">Go on')


@dataclass
class Person:
    """Signs in with a name and a password, and decides in the same way each time: `choices` are the consent form's."""

    origin: str
    username: str
    password: str
    choices: dict[str, str] = field(default_factory=lambda: {"decision": "allow"})
    pages: list[str] = field(default_factory=list)
    transport: httpx.AsyncBaseTransport | None = field(default=None, repr=False)
    browser: httpx.AsyncClient = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.browser = httpx.AsyncClient(base_url=self.origin, timeout=20, transport=self.transport)

    async def go(self, address: str) -> dict[str, str]:
        """Open a client's authorization address; return the parameters with which it gets its answer."""
        response = await self.browser.get(address)
        while True:
            if response.is_redirect:
                location = response.headers["location"]
                if not self._is_here(location):
                    return answer_in(location)
                response = await self.browser.get(location)
                continue
            self.pages.append(response.text)
            found = GO_ON.search(response.text)
            if found:
                return answer_in(html.unescape(found[1]))
            assert response.status_code in {200, 422}, response.text
            assert len(self.pages) < 10, self.pages[-1]
            response = await self._fill_in(response)

    async def _fill_in(self, page: httpx.Response) -> httpx.Response:
        token = CSRF.search(page.text)
        assert token, page.text
        if 'name="password"' in page.text:
            next_page = parse_qs(urlsplit(str(page.url)).query)["next"][0]
            given = {"username": self.username, "password": self.password, "next": next_page}
        else:
            given = self.choices
        return await self.browser.post(page.url, data={"csrfmiddlewaretoken": token[1], **given})

    def _is_here(self, location: str) -> bool:
        return location.startswith(("/", f"{self.origin}/"))


def answer_in(location: str) -> dict[str, str]:
    """Return the parameters of an address that a person was sent back to."""
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
