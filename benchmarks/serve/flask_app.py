"""The picture by Flask's own threaded server: `flask_app.py PORT PICTURE`."""

import logging
import sys

from flask import Flask, Response, send_file

app = Flask(__name__)


@app.get("/images/current.jpg")
def current() -> Response:
    """As its documentation says how."""
    return send_file(sys.argv[2], mimetype="image/jpeg")


if __name__ == "__main__":
    logging.getLogger("werkzeug").disabled = True
    app.run("127.0.0.1", int(sys.argv[1]), threaded=True)
