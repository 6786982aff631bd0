"""Which identities of the literature each law proves; written by ``python -m tests.proved``, not by hand.

The identities are those of the corpus of tests that are printed in the Matrix Cookbook (``cookbook-57`` is its
equation 57), in Wikipedia's tables, in the documentation of matrixcalculus.org, in CS224n, and in texts on machine
learning. Each has been derived and held against reference values; a law proves it where its derivation applies the law.
"""

__all__ = ["PROVED"]

PROVED: dict[str, tuple[str, ...]] = {
    "T": (
        "cookbook-44", "cookbook-53", "cookbook-54", "cookbook-55", "cookbook-55b", "cookbook-69a", "cookbook-71",
        "cookbook-72b", "cookbook-75J", "cookbook-77", "cookbook-78", "cookbook-80", "cookbook-82", "cookbook-83",
        "cookbook-84", "cookbook-85", "cookbook-86", "cookbook-87", "cookbook-88", "cookbook-92", "cookbook-94",
        "cookbook-97", "cookbook-102", "cookbook-103", "cookbook-104", "cookbook-108", "cookbook-112", "cookbook-113",
        "cookbook-116", "cookbook-117", "cookbook-123", "cookbook-126", "cookbook-symquad", "wiki-vbv-4",
        "wiki-sbv-3", "wiki-sbv-4", "wiki-sbv-6", "wiki-sbv-7", "wiki-sbv-12", "wiki-sbv-13", "wiki-sbv-17",
        "wiki-sbm-4", "wiki-sbm-6", "wiki-sbm-10", "wiki-sbm-19", "wiki-sbm-21", "wiki-sbm-22", "wiki-sbs-2",
        "mcorg-1", "mcorg-3", "mcorg-12", "mcorg-14", "mcorg-18", "mcorg-26", "mcorg-28", "cs224n-ds-tanh",
        "cs224n-delta", "cs224n-duTh", "cs224n-window", "cs224n-ner-log", "cs224n-w2v-vc", "cs224n-w2v-index",
        "cs224n-w2v-neg", "cs224n-w2v-glove", "cs224n-parser-relu", "ml-lsq-half", "ml-logistic-sp", "ml-svm-dual",
        "ml-pca", "ml-rayleigh", "ml-cca", "ml-autoencoder", "ml-mahalanobis", "ml-gp", "ml-gauss-kl", "ml-cosine",
        "ml-contrastive", "ml-attention", "ml-deepsets", "ml-portfolio", "ml-risk-parity", "ml-augmented",
        "ml-kalman", "ml-lqr", "ml-rbm",
    ),
    "abs": (
        "cookbook-57", "mcorg-28", "ml-huber",
    ),
    "add": (
        "cookbook-35", "cookbook-48", "cookbook-59", "cookbook-64", "cookbook-78", "cookbook-83", "cookbook-97",
        "wiki-vbv-9", "wiki-sbv-3", "wiki-vbs-4", "wiki-vbs-5", "wiki-sbm-6", "wiki-sbm-21", "wiki-mbs-4",
        "wiki-mbs-5", "wiki-mbs-6", "mcorg-7", "mcorg-13", "mcorg-18", "mcorg-22", "mcorg-23", "cs224n-ds-tanh",
        "cs224n-dsdW", "cs224n-ds-given", "cs224n-delta", "cs224n-delta-silu", "cs224n-dzdx", "cs224n-dzdW",
        "cs224n-window", "cs224n-ner", "cs224n-ner-log", "cs224n-scalar", "cs224n-ce", "cs224n-ce-log",
        "cs224n-2layer", "cs224n-w2v-glove", "cs224n-rnn2", "cs224n-rnn-J", "cs224n-parser-relu", "cs224n-batch",
        "cs224n-highway", "ml-ridge", "ml-tikhonov", "ml-lasso", "ml-smooth-lasso", "ml-elastic", "ml-logistic",
        "ml-logistic-sp", "ml-logistic-01", "ml-softmax-reg", "ml-gauss-scatter", "ml-gp", "ml-gauss-kl", "ml-vae-kl",
        "ml-lstm-cell", "ml-layernorm", "ml-batchnorm", "ml-deepsets", "ml-augmented", "ml-kalman", "ml-lqr",
        "ml-rbm", "ml-tv", "ml-dict", "ml-ica",
    ),
    "cos": (
        "wiki-sbs-2",
    ),
    "cosh": (
        "wiki-sbm-25", "ml-dict", "ml-ica",
    ),
    "cross_entropy": (
        "cs224n-ce", "cs224n-ce-onehot", "cs224n-2layer", "cs224n-w2v-vc", "cs224n-rnn2",
    ),
    "det": (
        "cookbook-48", "cookbook-49", "cookbook-51", "cookbook-53", "cookbook-54", "cookbook-55", "cookbook-57",
        "cookbook-58", "wiki-sbm-16", "wiki-sbm-18", "wiki-sbm-19", "mcorg-9",
    ),
    "div": (
        "cookbook-94", "cookbook-130", "mcorg-26", "cs224n-batch-Z", "ml-elastic", "ml-rayleigh", "ml-cca",
        "ml-cosine", "ml-contrastive", "ml-layernorm", "ml-batchnorm", "ml-attention", "ml-barrier-H", "ml-kl",
        "ml-risk-parity", "ml-phase",
    ),
    "exp": (
        "wiki-vbv-8", "wiki-sbv-7", "wiki-vbs-2", "wiki-sbm-3", "wiki-sbm-7", "wiki-mbs-2", "mcorg-2", "mcorg-7",
        "mcorg-13", "mcorg-22", "ml-logistic", "ml-vae-kl", "ml-rbf", "ml-contrastive", "ml-poisson", "ml-cox",
    ),
    "f": (
        "wiki-vbv-10", "wiki-sbv-16", "wiki-vbs-5", "wiki-mbs-9", "cs224n-ds-tanh", "cs224n-dsdW", "cs224n-ds-given",
        "cs224n-delta", "cs224n-delta-silu", "cs224n-dhdz", "cs224n-window", "cs224n-ner", "cs224n-ner-log",
    ),
    "index": (
        "cookbook-60", "cookbook-73", "cookbook-74", "cs224n-ce-index", "cs224n-w2v-index", "ml-ar2",
    ),
    "inv": (
        "cookbook-40", "cookbook-48", "cookbook-59", "cookbook-60", "cookbook-61", "cookbook-63", "cookbook-64",
        "cookbook-126", "wiki-sbm-11", "mcorg-9", "mcorg-17", "mcorg-18", "ml-gp", "ml-kalman",
    ),
    "kron": (
        "cookbook-120a", "wiki-mbs-5",
    ),
    "log": (
        "cookbook-55", "cookbook-57", "wiki-sbm-18", "wiki-sbm-19", "wiki-sbm-25", "mcorg-7", "mcorg-9", "mcorg-13",
        "cs224n-ner-log", "cs224n-ce-log", "cs224n-ce-index", "cs224n-w2v-index", "cs224n-w2v-neg", "cs224n-batch-Z",
        "ml-logistic", "ml-contrastive", "ml-barrier", "ml-barrier-H", "ml-entropy", "ml-kl", "ml-risk-parity",
        "ml-cox", "ml-dict", "ml-ica",
    ),
    "log_softmax": (
        "cs224n-parser-relu", "cs224n-batch", "ml-softmax-reg",
    ),
    "logdet": (
        "cookbook-55b", "mcorg-18", "ml-gauss-scatter", "ml-gp", "ml-gauss-kl", "ml-kalman", "ml-ica",
    ),
    "matmul": (
        "cookbook-48", "cookbook-51", "cookbook-53", "cookbook-54", "cookbook-55", "cookbook-55b", "cookbook-58",
        "cookbook-61", "cookbook-63", "cookbook-69a", "cookbook-70", "cookbook-71", "cookbook-72a", "cookbook-72b",
        "cookbook-74", "cookbook-74J", "cookbook-75J", "cookbook-77", "cookbook-78", "cookbook-80", "cookbook-82",
        "cookbook-83", "cookbook-84", "cookbook-85", "cookbook-86", "cookbook-87", "cookbook-88", "cookbook-90",
        "cookbook-91m", "cookbook-92", "cookbook-94", "cookbook-97", "cookbook-102", "cookbook-103", "cookbook-104",
        "cookbook-106", "cookbook-107", "cookbook-108", "cookbook-112", "cookbook-113", "cookbook-116",
        "cookbook-117", "cookbook-123", "cookbook-126", "cookbook-142", "cookbook-symquad", "wiki-vbv-3",
        "wiki-vbv-4", "wiki-vbv-5", "wiki-vbv-6", "wiki-vbv-8", "wiki-vbv-9", "wiki-vbv-10", "wiki-sbv-3",
        "wiki-sbv-4", "wiki-sbv-6", "wiki-sbv-7", "wiki-sbv-12", "wiki-sbv-13", "wiki-sbv-16", "wiki-sbv-17",
        "wiki-vbs-2", "wiki-sbm-3", "wiki-sbm-4", "wiki-sbm-6", "wiki-sbm-8", "wiki-sbm-10", "wiki-sbm-11",
        "wiki-sbm-12", "wiki-sbm-14", "wiki-sbm-18", "wiki-sbm-19", "wiki-sbm-21", "wiki-sbm-22", "wiki-sbm-25",
        "wiki-mbs-2", "wiki-mbs-4", "wiki-sbs-2", "wiki-sbs-4", "mcorg-1", "mcorg-2", "mcorg-3", "mcorg-5", "mcorg-6",
        "mcorg-7", "mcorg-12", "mcorg-13", "mcorg-14", "mcorg-17", "mcorg-18", "mcorg-20", "mcorg-23", "mcorg-26",
        "mcorg-28", "cs224n-ds-tanh", "cs224n-dsdW", "cs224n-ds-given", "cs224n-delta", "cs224n-delta-silu",
        "cs224n-dzdx", "cs224n-dzdW", "cs224n-duTh", "cs224n-window", "cs224n-ner", "cs224n-ner-log", "cs224n-ce",
        "cs224n-ce-log", "cs224n-ce-index", "cs224n-2layer", "cs224n-w2v-vc", "cs224n-w2v-index", "cs224n-w2v-neg",
        "cs224n-w2v-glove", "cs224n-rnn2", "cs224n-rnn-J", "cs224n-parser-relu", "cs224n-batch", "cs224n-batch-Z",
        "cs224n-mlp-batch-mse", "cs224n-highway", "ml-lsq", "ml-lsq-half", "ml-ridge", "ml-tikhonov", "ml-lasso",
        "ml-huber", "ml-elastic", "ml-quantile", "ml-logistic", "ml-logistic-sp", "ml-logistic-01", "ml-hinge",
        "ml-svm-dual", "ml-softmax-reg", "ml-perceptron", "ml-mf", "ml-pca", "ml-rayleigh", "ml-cca",
        "ml-autoencoder", "ml-gauss-scatter", "ml-mahalanobis", "ml-gp", "ml-gauss-kl", "ml-cosine", "ml-contrastive",
        "ml-lstm-cell", "ml-layernorm", "ml-attention", "ml-deepsets", "ml-barrier", "ml-barrier-H", "ml-portfolio",
        "ml-risk-parity", "ml-augmented", "ml-markov", "ml-poisson", "ml-cox", "ml-kalman", "ml-lqr", "ml-rbm",
        "ml-tv", "ml-phase", "ml-dict", "ml-ica",
    ),
    "matrix_power": (
        "cookbook-91m",
    ),
    "maximum": (
        "cs224n-scalar", "ml-quantile",
    ),
    "mean": (
        "cs224n-mlp-batch-mse", "ml-perceptron", "ml-layernorm", "ml-batchnorm", "ml-deepsets",
    ),
    "minimum": (
        "ml-huber", "ml-perceptron",
    ),
    "mul": (
        "cookbook-34", "cookbook-38", "cookbook-48", "cookbook-59", "wiki-vbv-5", "wiki-vbv-6", "wiki-vbv-12",
        "wiki-sbv-2", "wiki-sbv-4", "wiki-sbv-17", "wiki-vbs-1", "wiki-vbs-2", "wiki-vbs-4", "wiki-vbs-5",
        "wiki-vbs-8", "wiki-mbs-1", "wiki-mbs-2", "wiki-mbs-4", "wiki-mbs-5", "wiki-mbs-6", "wiki-mbs-9",
        "wiki-sbs-2", "wiki-sbs-4", "mcorg-1", "mcorg-3", "mcorg-7", "mcorg-13", "mcorg-23", "mcorg-28",
        "cs224n-ner-log", "cs224n-scalar", "cs224n-batch", "cs224n-batch-Z", "cs224n-highway", "ml-lsq-half",
        "ml-ridge", "ml-lasso", "ml-huber", "ml-elastic", "ml-quantile", "ml-logistic", "ml-logistic-sp",
        "ml-logistic-01", "ml-hinge", "ml-svm-dual", "ml-softmax-reg", "ml-perceptron", "ml-cca", "ml-gauss-scatter",
        "ml-gp", "ml-gauss-kl", "ml-vae-kl", "ml-rbf", "ml-cosine", "ml-lstm-cell", "ml-layernorm", "ml-batchnorm",
        "ml-attention", "ml-barrier", "ml-entropy", "ml-kl", "ml-portfolio", "ml-risk-parity", "ml-augmented",
        "ml-poisson", "ml-ar2", "ml-kalman", "ml-tv", "ml-dict", "ml-ica",
    ),
    "neg": (
        "cs224n-ner-log", "cs224n-ce-index", "cs224n-w2v-index", "cs224n-w2v-neg", "cs224n-batch", "cs224n-batch-Z",
        "ml-softmax-reg", "ml-perceptron", "ml-pca", "ml-rbf", "ml-barrier-H", "ml-entropy", "ml-rbm", "ml-ica",
    ),
    "norm": (
        "cookbook-129", "cookbook-130", "cookbook-132", "wiki-sbv-2", "wiki-sbv-19", "mcorg-6", "mcorg-14",
        "mcorg-23", "ml-lsq", "ml-ridge", "ml-tikhonov", "ml-lasso", "ml-elastic", "ml-softmax-reg", "ml-mf",
        "ml-autoencoder", "ml-rbf", "ml-cosine", "ml-augmented", "ml-ar2", "ml-tv", "ml-dict",
    ),
    "norm1": (
        "mcorg-5", "ml-lasso", "ml-elastic", "ml-gauss-scatter",
    ),
    "pow": (
        "cookbook-132", "wiki-vbs-4", "wiki-sbm-16", "mcorg-6", "mcorg-14", "mcorg-22", "mcorg-23", "mcorg-26",
        "cs224n-w2v-glove", "cs224n-mlp-batch-mse", "ml-lsq", "ml-ridge", "ml-tikhonov", "ml-lasso",
        "ml-smooth-lasso", "ml-huber", "ml-elastic", "ml-softmax-reg", "ml-mf", "ml-autoencoder", "ml-vae-kl",
        "ml-rbf", "ml-layernorm", "ml-batchnorm", "ml-augmented", "ml-ar2", "ml-tv", "ml-phase", "ml-dict",
    ),
    "relu": (
        "cs224n-parser-relu", "cs224n-batch", "ml-hinge", "ml-deepsets",
    ),
    "sigmoid": (
        "mcorg-13", "cs224n-ner", "cs224n-ner-log", "cs224n-2layer", "cs224n-w2v-neg", "cs224n-rnn2",
        "cs224n-highway", "ml-lstm-cell",
    ),
    "sin": (
        "cookbook-128", "wiki-vbv-6", "wiki-vbv-9", "wiki-sbv-6", "wiki-vbs-1", "wiki-mbs-1", "wiki-sbs-2",
        "wiki-sbs-4",
    ),
    "softmax": (
        "cs224n-ce", "cs224n-ce-onehot", "cs224n-ce-log", "cs224n-ce-index", "cs224n-2layer", "cs224n-w2v-vc",
        "cs224n-w2v-index", "cs224n-rnn2", "cs224n-batch-Z", "ml-attention",
    ),
    "softplus": (
        "ml-logistic-sp", "ml-logistic-01", "ml-rbm",
    ),
    "solve": (
        "wiki-sbm-12",
    ),
    "sqrt": (
        "wiki-sbv-6", "ml-smooth-lasso", "ml-cca", "ml-mahalanobis", "ml-layernorm", "ml-batchnorm", "ml-tv",
    ),
    "stack": (
        "cs224n-window",
    ),
    "sub": (
        "cookbook-84", "cookbook-85", "cookbook-86", "cookbook-87", "cookbook-88", "cookbook-129", "cookbook-130",
        "wiki-sbv-19", "mcorg-5", "mcorg-6", "mcorg-14", "mcorg-23", "mcorg-26", "mcorg-28", "cs224n-ner-log",
        "cs224n-w2v-neg", "cs224n-w2v-glove", "cs224n-mlp-batch-mse", "cs224n-highway", "ml-lsq", "ml-lsq-half",
        "ml-ridge", "ml-tikhonov", "ml-lasso", "ml-huber", "ml-elastic", "ml-quantile", "ml-logistic-01", "ml-hinge",
        "ml-svm-dual", "ml-mf", "ml-autoencoder", "ml-gauss-scatter", "ml-mahalanobis", "ml-gauss-kl", "ml-vae-kl",
        "ml-rbf", "ml-contrastive", "ml-layernorm", "ml-batchnorm", "ml-barrier", "ml-barrier-H", "ml-portfolio",
        "ml-risk-parity", "ml-augmented", "ml-poisson", "ml-cox", "ml-ar2", "ml-kalman", "ml-rbm", "ml-tv",
        "ml-phase", "ml-dict",
    ),
    "sum": (
        "wiki-sbm-25", "mcorg-7", "mcorg-13", "mcorg-22", "mcorg-26", "cs224n-w2v-neg", "cs224n-batch",
        "cs224n-batch-Z", "cs224n-highway", "ml-smooth-lasso", "ml-huber", "ml-quantile", "ml-logistic",
        "ml-logistic-sp", "ml-logistic-01", "ml-hinge", "ml-svm-dual", "ml-softmax-reg", "ml-vae-kl",
        "ml-contrastive", "ml-batchnorm", "ml-attention", "ml-barrier", "ml-barrier-H", "ml-entropy", "ml-kl",
        "ml-poisson", "ml-rbm", "ml-tv", "ml-phase", "ml-dict", "ml-ica",
    ),
    "tanh": (
        "wiki-vbv-5", "wiki-sbv-7", "cs224n-rnn-J", "cs224n-mlp-batch-mse", "cs224n-highway", "ml-lstm-cell",
    ),
    "tr": (
        "cookbook-36", "cookbook-48", "cookbook-63", "cookbook-64", "cookbook-65", "cookbook-102", "cookbook-103",
        "cookbook-104", "cookbook-106", "cookbook-107", "cookbook-108", "cookbook-112", "cookbook-113",
        "cookbook-116", "cookbook-117", "cookbook-120a", "cookbook-123", "cookbook-126", "cookbook-128",
        "cookbook-142", "wiki-sbm-4", "wiki-sbm-6", "wiki-sbm-7", "wiki-sbm-8", "wiki-sbm-10", "wiki-sbm-11",
        "wiki-sbm-12", "wiki-sbm-14", "wiki-sbs-4", "mcorg-18", "ml-pca", "ml-gauss-scatter", "ml-gauss-kl",
    ),
    "vec": (
        "ml-gauss-scatter",
    ),
}  # fmt: skip
