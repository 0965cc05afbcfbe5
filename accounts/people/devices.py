"""A browser and its system in words, from the User-Agent that it sends."""

# The first sign that is found names it: many call themselves by the names of others too.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
    "curl/": "curl",
    "python-": "A Python program",
}
SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "CrOS": "ChromeOS",
    "Mac OS X": "macOS",
    "Macintosh": "macOS",
    "Linux": "Linux",
}
# A longer one is no browser's.
MOST = 1000


def device_of(user_agent: str) -> str:
    """Return words such as `Firefox on Linux`; nothing that the client wrote is in them."""
    agent = user_agent[:MOST]
    browser = next((name for sign, name in BROWSERS.items() if sign in agent), "An unknown program")
    system = next((name for sign, name in SYSTEMS.items() if sign in agent), "")
    return f"{browser} on {system}" if system else browser
