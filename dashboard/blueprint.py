"""The one blueprint all pages hang on."""

from flask import Blueprint

bp = Blueprint("dashboard", __name__)
