"""The modules that the lessons share; utils/tools holds the commands."""

import os

if os.environ.get("AUTOENCODER_OFFLINE"):
    from utils.offline import go_offline

    go_offline()
