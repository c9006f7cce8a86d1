from scripts.production.kubernetes.manifests import render
from scripts.production.kubernetes.parts import FOLDER


def main() -> None:
    for name, text in render().items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
