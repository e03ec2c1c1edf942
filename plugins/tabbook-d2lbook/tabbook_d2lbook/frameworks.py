"""What is known of frameworks and packages: how their projects write their names, what to install."""

import re
from collections.abc import Mapping

NAMES: Mapping[str, str] = {
    "autogluon": "AutoGluon",
    "chainer": "Chainer",
    "cpp": "C++",
    "cuda": "CUDA",
    "cupy": "CuPy",
    "dask": "Dask",
    "deepspeed": "DeepSpeed",
    "dgl": "DGL",
    "fastai": "fastai",
    "flax": "Flax",
    "gluon": "Gluon",
    "haiku": "Haiku",
    "huggingface": "Hugging Face",
    "jax": "JAX",
    "jittor": "Jittor",
    "keras": "Keras",
    "lightgbm": "LightGBM",
    "lightning": "Lightning",
    "matplotlib": "Matplotlib",
    "megengine": "MegEngine",
    "mindspore": "MindSpore",
    "mlx": "MLX",
    "mxnet": "MXNet",
    "numba": "Numba",
    "numpy": "NumPy",
    "numpyro": "NumPyro",
    "oneflow": "OneFlow",
    "onnx": "ONNX",
    "paddle": "PaddlePaddle",
    "paddlepaddle": "PaddlePaddle",
    "pandas": "pandas",
    "polars": "Polars",
    "pyro": "Pyro",
    "pyspark": "PySpark",
    "python": "Python",
    "pytorch": "PyTorch",
    "scipy": "SciPy",
    "sklearn": "scikit-learn",
    "spark": "Spark",
    "sql": "SQL",
    "tensorflow": "TensorFlow",
    "tf": "TensorFlow",
    "theano": "Theano",
    "tinygrad": "tinygrad",
    "torch": "PyTorch",
    "triton": "Triton",
    "tvm": "TVM",
    "xgboost": "XGBoost",
}
_WHOLE: Mapping[str, str] = {"scikit-learn": "scikit-learn", "c++": "C++"}

REQUIREMENTS: Mapping[str, list[str]] = {
    "cupy": ["cupy-cuda12x"],
    "flax": ["flax", "jax"],
    "jax": ["jax", "flax", "optax"],
    "keras": ["keras"],
    "mindspore": ["mindspore"],
    "mxnet": ["mxnet==1.9.1", "numpy==1.23.5"],
    "numpy": ["numpy"],
    "paddle": ["paddlepaddle"],
    "paddlepaddle": ["paddlepaddle"],
    "pytorch": ["torch", "torchvision"],
    "scikit-learn": ["scikit-learn"],
    "sklearn": ["scikit-learn"],
    "tensorflow": ["tensorflow"],
    "torch": ["torch", "torchvision"],
    "tvm": ["apache-tvm"],
}
"""What the environment of a tab of this name needs in any case."""

DISTRIBUTIONS: Mapping[str, str] = {
    "IPython": "ipython",
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cupy": "cupy-cuda12x",
    "cv2": "opencv-python",
    "paddle": "paddlepaddle",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "syne_tune": "syne-tune",
    "tensorflow_datasets": "tensorflow-datasets",
    "tensorflow_probability": "tensorflow-probability",
    "tvm": "apache-tvm",
    "yaml": "pyyaml",
}
"""The distributions of modules whose names differ."""


def framework_name(tab: str) -> str:
    """Return the name that readers see on a tab, written as the project writes it."""
    if tab in _WHOLE:
        return _WHOLE[tab]
    words = filter(None, re.split(r"[-_]", tab))
    return " ".join(NAMES.get(word, word[0].upper() + word[1:]) for word in words) or tab
