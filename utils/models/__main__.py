"""`python -m utils.models` prepares both models; one line says what is wrong if that cannot be done."""

import sys

from utils.models.weights import cache_folder, prepare_models

try:
    prepare_models()
except (OSError, ValueError) as error:
    sys.exit(f"The models could not be prepared. {error}")
print(f"The models are ready (cache: {cache_folder()}).")
