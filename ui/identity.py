"""Who sits at the console: the person that signed in, or this machine's operator where nobody else can reach it."""

import os
import pwd
import time

import streamlit as st

from graph.desk import Operator

ROLES = ("sales_manager", "sales_director", "legal", "compliance", "account_owner", "finance")
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
GRACE_S = 8 * 3600  # Streamlit never checks the age of a sign-in: a working day after the token's end is enough


class Expired(Exception):
    """The sign-in is too old; the page asks for another."""


def sign_in_configured() -> bool:
    """Whether secrets.toml has an [auth] block."""
    try:
        return "auth" in st.secrets
    except FileNotFoundError:  # no secrets at all is the normal case on one machine
        return False


def listens_on_loopback() -> bool:
    address = str(st.get_option("server.address") or "").strip("[]")
    return address in LOOPBACK or address.startswith("unix://")


def current() -> Operator | None:
    """None: nobody we know, so nothing is shown. Roles come from the sign-in's claims, never from a widget."""
    if sign_in_configured():
        return _signed_in()
    if listens_on_loopback():
        return Operator(f"local:{_account()}", "Local operator", frozenset(ROLES))
    return None


def _signed_in() -> Operator | None:
    user = st.user
    if not user.get("is_logged_in"):
        return None
    expires = user.get("exp")
    if expires and float(str(expires)) + GRACE_S < time.time():
        raise Expired
    claims = user.get("roles") or user.get("groups")
    given = (
        {claims} if isinstance(claims, str) else {str(claim) for claim in claims} if isinstance(claims, list) else set()
    )
    name = str(user.get("name") or user.get("email") or user.get("sub"))
    return Operator(f"{user.get('iss', '')}|{user.get('sub')}", name, frozenset(ROLES) & given)


def _account() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container may run as a number without a name
        return str(os.getuid())
